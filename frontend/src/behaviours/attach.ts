// Takes files that are chosen, photographed, dropped or pasted, sends one after another and shows how far each is.
import { announce, fill } from '../words'

const MEGABYTE = 1024 * 1024

interface Row {
  file: File
  element: HTMLElement
  request?: XMLHttpRequest
}

export function attach(element: HTMLElement): (() => void) | void {
  if (!(element instanceof HTMLFormElement)) return
  const frame = element.closest<HTMLElement>('[data-attachments]') ?? element
  const queue = new Queue(element, frame)
  const off = new AbortController()
  const on = (target: EventTarget, name: string, does: (event: never) => void): void =>
    target.addEventListener(name, does as EventListener, { signal: off.signal })

  element.dataset.live = ''
  on(element, 'change', (event: Event) => takeChosen(event.target, queue))
  on(frame, 'dragover', (event: DragEvent) => welcome(event, frame))
  on(frame, 'dragleave', () => delete frame.dataset.over)
  on(frame, 'drop', (event: DragEvent) => {
    delete frame.dataset.over
    take(event, event.dataTransfer, queue)
  })
  on(document, 'paste', (event: ClipboardEvent) => {
    if (!isTyping(event.target)) take(event, event.clipboardData, queue)
  })
  on(window, 'beforeunload', (event: Event) => {
    if (queue.busy) event.preventDefault()
  })
  return () => off.abort()
}

function takeChosen(input: EventTarget | null, queue: Queue): void {
  if (!(input instanceof HTMLInputElement) || !input.files) return
  queue.add([...input.files])
  input.value = '' // the same file may be chosen again
}

function take(event: Event, from: DataTransfer | null, queue: Queue): void {
  const files = [...(from?.files ?? [])]
  if (!files.length) return
  event.preventDefault()
  queue.add(files)
}

function welcome(event: DragEvent, frame: HTMLElement): void {
  if (!event.dataTransfer?.types.includes('Files')) return
  event.preventDefault()
  frame.dataset.over = ''
}

/** Text that is pasted into a field belongs there. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, [contenteditable]')
}

class Queue {
  readonly #waiting: Row[] = []
  #sending: Row | undefined

  constructor(
    private readonly form: HTMLFormElement,
    private readonly frame: HTMLElement,
  ) {}

  get busy(): boolean {
    return this.#sending !== undefined
  }

  add(files: File[]): void {
    for (const file of files) {
      const row = { file, element: this.#rowOf(file) }
      if (file.size > Number(this.form.dataset.megabytes) * MEGABYTE) this.#refuse(row, this.#say('tooLarge', file))
      else this.#wait(row)
    }
  }

  #wait(row: Row): void {
    this.#waiting.push(row)
    if (!this.#sending) this.#next()
  }

  #next(): void {
    this.#sending = this.#waiting.shift()
    if (this.#sending) this.#send(this.#sending)
  }

  #send(row: Row): void {
    const request = (row.request = new XMLHttpRequest())
    request.open('POST', this.form.action)
    request.setRequestHeader('HX-Request', 'true')
    request.upload.addEventListener('progress', ({ loaded, total }) => this.#progress(row, total ? loaded / total : 0))
    request.addEventListener('load', () => this.#answered(row, request))
    request.addEventListener('error', () => this.#fail(row))
    request.addEventListener('abort', () => row.element.remove())
    request.addEventListener('loadend', () => this.#next())
    const data = new FormData()
    data.set('csrfmiddlewaretoken', this.form.querySelector<HTMLInputElement>('[name=csrfmiddlewaretoken]')?.value ?? '')
    data.set('file', row.file)
    request.send(data)
  }

  #answered(row: Row, request: XMLHttpRequest): void {
    if (request.status === 422) return this.#refuse(row, request.responseText)
    // Anything but the list itself, such as the page to log in, is a failure.
    const list = request.status === 200 ? listIn(request.responseText) : null
    if (!list) return this.#fail(row)
    this.frame.querySelector('[data-attachments-list]')?.replaceWith(list)
    row.element.remove()
    announce(this.#say('added', row.file))
  }

  #fail(row: Row): void {
    this.#refuse(row, this.#say('failed', row.file))
    const retry = part(row, 'retry')
    retry.hidden = false
    retry.addEventListener('click', () => {
      row.element.remove()
      this.add([row.file])
    })
  }

  #refuse(row: Row, sentence: string): void {
    row.element.querySelector('progress')?.remove()
    part(row, 'reason').textContent = sentence
    part(row, 'error').hidden = false
    part(row, 'name').hidden = true // the sentence names it
    part(row, 'cancel').textContent = this.form.dataset.noted ?? ''
  }

  #progress(row: Row, done: number): void {
    const bar = row.element.querySelector('progress')
    if (!bar) return
    if (done < 1) bar.value = done
    else bar.removeAttribute('value') // it has arrived and is being looked at
  }

  #rowOf(file: File): HTMLElement {
    const template = this.form.querySelector<HTMLTemplateElement>('template[data-attach-row]')
    const element = template?.content.firstElementChild?.cloneNode(true) as HTMLElement
    this.form.querySelector('[data-attach-rows]')?.append(element)
    const row: Row = { file, element }
    part(row, 'name').textContent = file.name
    part(row, 'cancel').addEventListener('click', () => this.#cancel(element))
    return element
  }

  #cancel(element: HTMLElement): void {
    if (this.#sending?.element === element) return this.#sending.request?.abort()
    const waits = this.#waiting.findIndex((row) => row.element === element)
    if (waits >= 0) this.#waiting.splice(waits, 1)
    element.remove()
  }

  #say(what: 'tooLarge' | 'failed' | 'added', file: File): string {
    return fill(this.form.dataset[what] ?? '', { name: file.name, megabytes: this.form.dataset.megabytes ?? '' })
  }
}

function part(row: Row, name: string): HTMLElement {
  return row.element.querySelector(`[data-attach-${name}]`) as HTMLElement
}

function listIn(html: string): Element | null {
  const answer = new DOMParser().parseFromString(html, 'text/html')
  const list = answer.querySelector('[data-attachments-list]')
  return list && document.adoptNode(list)
}
