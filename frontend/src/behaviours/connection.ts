// The band that shows itself as soon as the live stream is lost, and says when it is back.
import { joinLive, type LiveState } from '../live/client'
import { moment, now, zoneOf } from '../time'
import { fill } from '../words'

const BACK_SHOWN_MS = 4000

export function connection(element: HTMLElement): () => void {
  const live = joinLive(element.dataset.liveUrl ?? '/live')
  const leaving = new AbortController()
  const { signal } = leaving
  let wasDown = false
  let hide: ReturnType<typeof setTimeout> | undefined

  const lost = (): void => {
    clearTimeout(hide)
    if (wasDown) return
    wasDown = true
    show(element, 'down')
  }
  const back = (): void => {
    if (!wasDown) return
    wasDown = false
    show(element, 'back')
    hide = setTimeout(() => show(element, undefined), BACK_SHOWN_MS)
  }

  document.addEventListener(
    'live:state',
    (event) => ((event as CustomEvent<LiveState>).detail === 'up' ? back() : lost()),
    { signal },
  )
  addEventListener('offline', lost, { signal })
  addEventListener('online', () => live.retry(), { signal })
  addEventListener('pagehide', () => live.leave(), { signal })
  addEventListener('pageshow', (event) => event.persisted && location.reload(), { signal })

  return () => {
    leaving.abort()
    clearTimeout(hide)
    live.leave()
  }
}

function show(element: HTMLElement, which: 'down' | 'back' | undefined): void {
  const current = now()
  const at = moment(current, current, zoneOf(document.documentElement.dataset.clock))
  for (const part of element.querySelectorAll<HTMLElement>('[data-when]')) {
    part.hidden = part.dataset.when !== which
    const text = part.querySelector('[data-fill]')
    if (text && !part.hidden) text.textContent = fill(part.dataset.text ?? '', { at })
  }
}
