// One event stream that comes back by itself: says when it is up or down, and what changed.

export type LiveMessage =
  | { kind: 'up' }
  | { kind: 'down' }
  | { kind: 'changed'; subject: string; version: number }

/** Half of the wait is chance, so that a thousand browsers don't come back in the same second. */
export function backOff(tries: number, chance: number = Math.random()): number {
  const most = Math.min(30_000, 500 * 2 ** tries)
  return most / 2 + (most / 2) * chance
}

/** A server that sends `beat` events is taken for lost when they stop. */
const SILENCE_MS = 40_000

export class LiveConnection {
  #source: EventSource | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #tries = 0
  #state: 'new' | 'up' | 'down' = 'new'

  constructor(
    private readonly url: string,
    private readonly tell: (message: LiveMessage) => void,
  ) {}

  get state(): 'new' | 'up' | 'down' {
    return this.#state
  }

  open(): void {
    this.close()
    const source = new EventSource(this.url)
    this.#source = source
    source.addEventListener('hello', () => this.#up())
    source.addEventListener('beat', () => this.#listenForSilence())
    source.addEventListener('changed', (event) => this.#changed(event.data as string))
    source.addEventListener('error', () => this.#down())
  }

  close(): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    this.#source?.close()
    this.#source = undefined
  }

  #up(): void {
    this.#tries = 0
    this.#say('up')
  }

  #down(): void {
    this.close()
    this.#say('down')
    this.#retry = setTimeout(() => this.open(), backOff(this.#tries++))
  }

  #listenForSilence(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#down(), SILENCE_MS)
  }

  #say(state: 'up' | 'down'): void {
    if (this.#state === state) return
    this.#state = state
    this.tell({ kind: state })
  }

  #changed(text: string): void {
    const { subject, version } = JSON.parse(text) as { subject: string; version: number }
    this.tell({ kind: 'changed', subject, version })
  }
}
