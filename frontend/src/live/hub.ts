// The fan-out inside the shared worker: opens with the first tab, closes after the last.
import { LiveConnection, type LiveMessage } from './connection'

export type Port = Pick<MessagePort, 'postMessage' | 'onmessage'>

/** What changed while a new tab's page was on its way is told to it when it joins. */
export const OVERLAP_MS = 3000

export class LiveHub {
  readonly #ports = new Set<Port>()
  readonly #connection: LiveConnection
  #recent: { at: number; message: LiveMessage }[] = []

  constructor(url: string) {
    this.#connection = new LiveConnection(url, (message) => this.#tellAll(message))
  }

  join(port: Port): void {
    port.onmessage = (event: MessageEvent) => {
      if (event.data === 'leave') this.#leave(port)
      if (event.data === 'retry' && this.#connection.state === 'down') this.#connection.open()
    }
    this.#ports.add(port)
    if (this.#ports.size === 1) this.#connection.open()
    else this.#tellHowThingsStand(port)
  }

  #tellHowThingsStand(port: Port): void {
    if (this.#connection.state !== 'new') port.postMessage({ kind: this.#connection.state })
    this.#forgetOld()
    for (const { message } of this.#recent) port.postMessage(message)
  }

  #leave(port: Port): void {
    this.#ports.delete(port)
    if (this.#ports.size === 0) this.#connection.close()
  }

  #tellAll(message: LiveMessage): void {
    this.#forgetOld()
    if (message.kind === 'changed' || message.kind === 'reset') this.#recent.push({ at: Date.now(), message })
    for (const port of this.#ports) port.postMessage(message)
  }

  #forgetOld(): void {
    const from = Date.now() - OVERLAP_MS
    this.#recent = this.#recent.filter(({ at }) => at > from)
  }
}
