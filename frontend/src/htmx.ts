// HTMX with our CSRF token. What it swaps in gets its behaviours from the page's watcher.
import htmx from 'htmx.org'

interface Exchange {
  ctx: {
    sourceEvent?: Event
    request: { method: string; headers: Record<string, string> }
    response?: { raw: Response }
  }
}

const exchange = (event: Event): Exchange['ctx'] => (event as CustomEvent<Exchange>).detail.ctx

export function startHtmx(): void {
  document.addEventListener('htmx:config:request', (event) => {
    const { request } = exchange(event)
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content
    if (token && request.method.toUpperCase() !== 'GET') request.headers['X-CSRFToken'] = token
  })
  document.addEventListener('htmx:before:response', followWholePage)
  document.addEventListener('htmx:before:swap', leaveOpenDialog)
  document.addEventListener('htmx:response:error', (event) => sayFailed(exchange(event)))
  document.addEventListener('htmx:error', (event) => sayFailed(exchange(event)))
}

/** A redirect leads to a whole page (the door, the next record): go there, never swap it into a part. */
function followWholePage(event: Event): void {
  const { request, response } = exchange(event)
  if (!response?.raw.redirected) return
  event.preventDefault()
  if (request.method.toUpperCase() === 'GET') location.reload()
  else location.assign(response.raw.url)
}

/** What a page does by itself (hx-trigger); the connection band tells of a lost line. */
const BY_ITSELF = new Set(['every', 'live-changed', 'load'])

/** What comes by itself would close the dialog in which somebody is about to decide: it waits until he has. */
function leaveOpenDialog(event: Event): void {
  const part = event.target
  if (!(part instanceof Element) || !BY_ITSELF.has(exchange(event).sourceEvent?.type ?? '')) return
  const open = part.querySelector('dialog[open]')
  if (!open) return
  event.preventDefault()
  open.addEventListener('close', () => refetch(part), { once: true })
}

/**
 * 422 is a form with its errors and is swapped in as it came; all else that a person asked for is told at the top of the
 * page.
 */
function sayFailed(told: Exchange['ctx'] | undefined): void {
  const template = document.getElementById('request-failed')
  if (told?.response?.raw.status === 422 || BY_ITSELF.has(told?.sourceEvent?.type ?? '')) return
  if (!(template instanceof HTMLTemplateElement)) return
  document.getElementById('messages')?.replaceChildren(template.content.cloneNode(true))
}

/** Let an element's own hx-get run now. */
export function refetch(element: Element): void {
  htmx.trigger(element, 'live-changed')
}
