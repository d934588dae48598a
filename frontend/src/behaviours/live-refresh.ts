// A part of the page that fetches itself anew (its own hx-get, hx-trigger="live-changed") when its subject changes.
// Many changes make one fetch, and chance spreads the fetches of many browsers.
import { refetch } from '../htmx'
import { announce, word } from '../words'

const SPREAD_MS = 1500

export function liveRefresh(element: HTMLElement): () => void {
  const subjects = new Set(element.dataset.liveSubject?.split(/\s+/))
  const leaving = new AbortController()
  const { signal } = leaving
  let waiting: ReturnType<typeof setTimeout> | undefined
  let wasDown = false

  const soon = (): void => {
    waiting ??= setTimeout(() => {
      waiting = undefined
      refetch(element)
    }, Math.random() * Number(element.dataset.liveSpread ?? SPREAD_MS))
  }

  document.addEventListener(
    'live:changed',
    (event) => subjects.has((event as CustomEvent<string>).detail) && soon(),
    { signal },
  )
  // What changed while the line was cut was not told: fetch once when it is back.
  document.addEventListener(
    'live:state',
    (event) => {
      const up = (event as CustomEvent<string>).detail === 'up'
      if (up && wasDown) soon()
      wasDown = !up
    },
    { signal },
  )
  keepFocus(element, signal)

  return () => {
    leaving.abort()
    clearTimeout(waiting)
  }
}

/** The swap may replace the focused element: the one with the same id, name or address gets the focus back. */
function keepFocus(element: HTMLElement, signal: AbortSignal): void {
  let focused: string | undefined
  element.addEventListener(
    'htmx:before:swap',
    () => (focused = element.contains(document.activeElement) ? handleOf(document.activeElement) : undefined),
    { signal },
  )
  element.addEventListener(
    'htmx:after:swap',
    () => {
      announce(element.dataset.liveSays ?? word('refreshed'))
      if (!focused || element.contains(document.activeElement)) return
      element.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true })
    },
    { signal },
  )
}

function handleOf(active: Element | null): string | undefined {
  for (const attribute of ['id', 'name', 'href']) {
    const value = active?.getAttribute(attribute)
    if (value) return `[${attribute}="${CSS.escape(value)}"]`
  }
  return undefined
}
