// The fan-out inside the shared worker: opens with the first tab, closes after the last.
import { LiveConnection, type LiveMessage } from './connection'

export type Port = Pick<MessagePort, 'postMessage' | 'onmessage'>

export class LiveHub {
  readonly #ports = new Set<Port>()
  readonly #connection: LiveConnection

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
    else if (this.#connection.state !== 'new') port.postMessage({ kind: this.#connection.state })
  }

  #leave(port: Port): void {
    this.#ports.delete(port)
    if (this.#ports.size === 0) this.#connection.close()
  }

  #tellAll(message: LiveMessage): void {
    for (const port of this.#ports) port.postMessage(message)
  }
}
