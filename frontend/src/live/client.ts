// A page's end of the live stream: through the shared worker, or a stream of its own where there is none.
import { LiveConnection, type LiveMessage } from './connection'

export type LiveState = 'up' | 'down'

/**
 * The page's own events, on document: `live:state` (detail: LiveState), `live:changed` (detail: subjects, "kind:key" or
 * "kind:*") and `live:reset` (what changed is not known).
 */
export function tellPage(message: LiveMessage): void {
  document.dispatchEvent(pageEvent(message))
}

function pageEvent(message: LiveMessage): Event {
  if (message.kind === 'changed') return new CustomEvent('live:changed', { detail: message.subjects })
  if (message.kind === 'reset') return new Event('live:reset')
  return new CustomEvent('live:state', { detail: message.kind })
}

export interface LiveClient {
  leave: () => void
  retry: () => void
}

export function joinLive(url: string): LiveClient {
  return typeof SharedWorker === 'undefined' ? ownStream(url) : sharedStream(url)
}

function ownStream(url: string): LiveClient {
  const connection = new LiveConnection(url, tellPage)
  connection.open()
  return { leave: () => connection.close(), retry: () => connection.open() }
}

function sharedStream(url: string): LiveClient {
  const worker = new SharedWorker(new URL('../entries/live-worker.ts', import.meta.url), {
    type: 'module',
    name: new URL(url, location.href).href,
  })
  worker.port.onmessage = (event: MessageEvent<LiveMessage>) => tellPage(event.data)
  return {
    leave: () => worker.port.postMessage('leave'),
    retry: () => worker.port.postMessage('retry'),
  }
}
