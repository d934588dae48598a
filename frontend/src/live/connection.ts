// One event stream that comes back by itself, from where it was: says when it is up or down, and what changed.

export type LiveMessage =
  | { kind: 'up' }
  | { kind: 'down' }
  | { kind: 'reset' }
  | { kind: 'changed'; subjects: string[] }

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
  #place = ''

  constructor(
    private readonly url: string,
    private readonly tell: (message: LiveMessage) => void,
  ) {}

  get state(): 'new' | 'up' | 'down' {
    return this.#state
  }

  open(): void {
    this.#hangUp()
    const source = new EventSource(this.#place ? `${this.url}?after=${encodeURIComponent(this.#place)}` : this.url)
    this.#source = source
    this.#on('hello', () => this.#up())
    this.#on('beat', () => this.#listenForSilence())
    this.#on('changed', (data) => this.tell({ kind: 'changed', subjects: subjectsIn(data) }))
    this.#on('reset', () => this.tell({ kind: 'reset' }))
    source.addEventListener('error', () => this.#down())
  }

  /** Nobody listens any more; whoever comes next begins anew. */
  close(): void {
    this.#hangUp()
    this.#place = ''
    this.#state = 'new'
  }

  #hangUp(): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    this.#source?.close()
    this.#source = undefined
  }

  /** Every event's id is the place to go on from. */
  #on(name: string, handle: (data: string) => void): void {
    this.#source?.addEventListener(name, (event: MessageEvent<string>) => {
      this.#place = event.lastEventId || this.#place
      handle(event.data)
    })
  }

  #up(): void {
    this.#tries = 0
    this.#say('up')
  }

  #down(): void {
    this.#hangUp()
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
}

function subjectsIn(data: string): string[] {
  return (JSON.parse(data) as [string, number][]).map(([subject]) => subject)
}
