// A part of the page that fetches itself anew (its own hx-get, hx-trigger="live-changed") when one of its subjects
// changes: data-live-subject="kind:key kind:*". Many changes make one fetch, and chance spreads those of many browsers.
import { refetch } from '../htmx'
import { announce, word } from '../words'

const SPREAD_MS = 1500
/** In a flood of changes a part rests between fetches, as a multiple of its spread. */
const REST = 3
/** After a reset every part of every page fetches: spread them wider. */
const RESET_SPREAD = 4

export function liveRefresh(element: HTMLElement): () => void {
  const spread = Number(element.dataset.liveSpread ?? SPREAD_MS)
  const leaving = new AbortController()
  const { signal } = leaving
  let waiting: ReturnType<typeof setTimeout> | undefined
  let restedAt = 0

  const soon = (within: number): void => {
    const rest = Math.max(0, restedAt - Date.now())
    waiting ??= setTimeout(() => {
      waiting = undefined
      restedAt = Date.now() + spread * REST
      refetch(element)
    }, rest + Math.random() * within)
  }

  document.addEventListener(
    'live:changed',
    (event) => (event as CustomEvent<string[]>).detail.some((changed) => concerns(changed, subjectsOf(element))) && soon(spread),
    { signal },
  )
  document.addEventListener('live:reset', () => soon(spread * RESET_SPREAD), { signal })
  sayChanges(element, signal)

  return () => {
    leaving.abort()
    clearTimeout(waiting)
  }
}

/** Read anew each time: what the part shows may be others after a fetch. */
function subjectsOf(element: HTMLElement): ReadonlySet<string> {
  return new Set(element.dataset.liveSubject?.trim().split(/\s+/))
}

/** "kind:*" stands for any of the kind, on either side. */
function concerns(changed: string, subjects: ReadonlySet<string>): boolean {
  const kind = changed.slice(0, changed.indexOf(':') + 1)
  if (subjects.has(changed) || subjects.has(`${kind}*`)) return true
  return changed === `${kind}*` && [...subjects].some((subject) => subject.startsWith(kind))
}

/** Only what reads differently is told; a fetch that brought the same stays silent. */
function sayChanges(element: HTMLElement, signal: AbortSignal): void {
  let before: string | null
  element.addEventListener('htmx:before:swap', () => (before = element.textContent), { signal })
  element.addEventListener(
    'htmx:after:swap',
    () => element.textContent !== before && announce(element.dataset.liveSays ?? word('refreshed')),
    { signal },
  )
}
