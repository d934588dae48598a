// HTMX with our CSRF token. What it swaps in gets its behaviours from the page's watcher.
import htmx from 'htmx.org'

interface Exchange {
  ctx: {
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
  document.addEventListener('htmx:response:error', (event) => sayFailed(exchange(event).response?.raw.status))
  document.addEventListener('htmx:error', () => sayFailed(undefined))
}

/** A redirect leads to a whole page (the door, the next record): go there, never swap it into a part. */
function followWholePage(event: Event): void {
  const { request, response } = exchange(event)
  if (!response?.raw.redirected) return
  event.preventDefault()
  if (request.method.toUpperCase() === 'GET') location.reload()
  else location.assign(response.raw.url)
}

/** 422 is a form with its errors and is swapped in as it came; all else is told at the top of the page. */
function sayFailed(status: number | undefined): void {
  const template = document.getElementById('request-failed')
  if (status === 422 || !(template instanceof HTMLTemplateElement)) return
  document.getElementById('messages')?.replaceChildren(template.content.cloneNode(true))
}

/** Let an element's own hx-get run now. */
export function refetch(element: Element): void {
  htmx.trigger(element, 'live-changed')
}
