// The band that shows itself as soon as the live stream is lost, and says when it is back.
import { joinLive, type LiveState } from '../live/client'
import { moment, now, zoneOf } from '../time'
import { fill } from '../words'

const BACK_SHOWN_MS = 4000
const ASK_AFTER_MS = 3000

type Shown = 'down' | 'back' | 'ended' | undefined

export function connection(element: HTMLElement): () => void {
  const live = joinLive(element.dataset.liveUrl ?? '/live')
  const leaving = new AbortController()
  const { signal } = leaving
  let wasDown = false
  let hide: ReturnType<typeof setTimeout> | undefined
  let ask: ReturnType<typeof setTimeout> | undefined

  const lost = (): void => {
    clearTimeout(hide)
    if (wasDown) return
    wasDown = true
    show(element, 'down')
    ask = setTimeout(async () => {
      if ((await sessionEnded()) && wasDown) show(element, 'ended')
    }, ASK_AFTER_MS * (1 + Math.random()))
  }
  const back = (): void => {
    clearTimeout(ask)
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
    clearTimeout(ask)
    live.leave()
  }
}

/** The stream can't tell a lost line from an ended session; a page that would send us to the door can. */
async function sessionEnded(): Promise<boolean> {
  const answer = await fetch('/', { method: 'HEAD', redirect: 'manual' }).catch(() => undefined)
  return answer?.type === 'opaqueredirect'
}

function show(element: HTMLElement, which: Shown): void {
  const current = now()
  const at = moment(current, current, zoneOf(document.documentElement.dataset.clock))
  for (const part of element.querySelectorAll<HTMLElement>('[data-when]')) {
    part.hidden = part.dataset.when !== which
    const text = part.querySelector('[data-fill]')
    if (text && !part.hidden) text.textContent = fill(part.dataset.text ?? '', { at })
  }
}
