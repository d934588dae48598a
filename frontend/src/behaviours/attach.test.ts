import { beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { attach } from './attach'

const FORM = `<div data-attachments><div data-attachments-list>没有</div>
  <form action="/attachments/of/kernel.unit/1/" method="post" data-megabytes="1" data-too-large="“{name}”超过 {megabytes} MB"
        data-failed="“{name}”没有传上去" data-added="已添加“{name}”" data-noted="知道了">
    <input type="hidden" name="csrfmiddlewaretoken" value="token"><input type="file" name="file" multiple>
    <ul data-attach-rows></ul>
    <template data-attach-row><li><b data-attach-name></b><progress max="1" value="0"></progress>
      <button data-attach-cancel></button><button data-attach-retry hidden></button>
      <div data-attach-error hidden><p data-attach-reason></p></div></li></template>
  </form></div><textarea></textarea>`
const LIST = '<div data-attachments-list>一张照片</div>'

/** A request that waits until the test answers it. */
class Exchange extends EventTarget {
  static all: Exchange[] = []
  readonly upload = new EventTarget()
  headers: Record<string, string> = {}
  data = new FormData()
  status = 0
  responseText = ''

  constructor() {
    super()
    Exchange.all.push(this)
  }
  open(): void {}
  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value
  }
  send(data: FormData): void {
    this.data = data
  }
  abort(): void {
    this.#end('abort')
  }
  answer(status: number, text: string): void {
    Object.assign(this, { status, responseText: text })
    this.#end('load')
  }
  break(): void {
    this.#end('error')
  }
  #end(how: string): void {
    this.dispatchEvent(new Event(how))
    this.dispatchEvent(new Event('loadend'))
  }
}

const photo = (name: string, size = 3): File => new File(['x'.repeat(size)], name)
const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('li')]
const latest = (): Exchange => Exchange.all.at(-1) as Exchange
let detach: (() => void) | void

beforeEach(() => {
  if (detach) detach()
  Exchange.all = []
  vi.stubGlobal('XMLHttpRequest', Exchange)
  page(FORM)
  detach = attach(find('form'))
})

function give(kind: 'drop' | 'paste', target: Element, ...files: File[]): Event {
  const event = new Event(kind, { bubbles: true, cancelable: true })
  Object.assign(event, { [kind === 'drop' ? 'dataTransfer' : 'clipboardData']: { files, types: ['Files'] } })
  target.dispatchEvent(event)
  return event
}

it('what was chosen is sent with the token, and the input is free for the next', () => {
  const input = find<HTMLInputElement>('[type=file]')
  Object.defineProperty(input, 'files', { value: [photo('一.jpg')] })
  input.dispatchEvent(new Event('change', { bubbles: true }))
  expect(latest().data.get('csrfmiddlewaretoken')).toBe('token')
  expect((latest().data.get('file') as File).name).toBe('一.jpg')
  expect(latest().headers).toEqual({ 'HX-Request': 'true' })
})

it('several go one after another, and each answer renews the list', () => {
  give('drop', find('[data-attachments]'), photo('一.jpg'), photo('二.jpg'))
  expect(Exchange.all).toHaveLength(1)
  latest().answer(200, LIST)
  expect(find('[data-attachments-list]').textContent).toBe('一张照片')
  expect(find('#announcer').textContent).toBe('已添加“一.jpg”')
  expect(Exchange.all).toHaveLength(2)
  latest().answer(200, LIST)
  expect(rows()).toHaveLength(0)
})

it('how far a file is shows, and that it has arrived', () => {
  give('drop', find('form'), photo('一.jpg'))
  const bar = find<HTMLProgressElement>('progress')
  latest().upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: 1, total: 4 }))
  expect(bar.value).toBe(0.25)
  latest().upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: 4, total: 4 }))
  expect(bar.hasAttribute('value')).toBe(false)
})

it('a refusal stands beside its file, and the others go on', () => {
  give('drop', find('form'), photo('坏.jpg'), photo('好.jpg'))
  latest().answer(422, '“坏.jpg”已损坏')
  expect(find('[data-attach-reason]').textContent).toBe('“坏.jpg”已损坏')
  expect(find('[data-attach-error]').hidden).toBe(false)
  expect(find('[data-attach-retry]').hidden).toBe(true)
  expect(Exchange.all).toHaveLength(2)
  expect(find('[data-attach-cancel]').textContent).toBe('知道了')
  find('[data-attach-cancel]').click()
  expect(rows()).toHaveLength(1)
})

it('one that is too large is not sent at all', () => {
  give('drop', find('form'), photo('大.mp4', 1024 * 1024 + 1))
  expect(Exchange.all).toHaveLength(0)
  expect(find('[data-attach-reason]').textContent).toBe('“大.mp4”超过 1 MB')
})

it('a broken line can be tried again, and a page to log in is no list', () => {
  give('drop', find('form'), photo('一.jpg'))
  latest().break()
  expect(find('[data-attach-reason]').textContent).toBe('“一.jpg”没有传上去')
  find('[data-attach-retry]').click()
  expect(rows()).toHaveLength(1)
  latest().answer(200, '<h1>登录</h1>')
  expect(find('[data-attachments-list]').textContent).toBe('没有')
  expect(find('[data-attach-retry]').hidden).toBe(false)
})

it('what is on its way or waits can be cancelled', () => {
  give('drop', find('form'), photo('一.jpg'), photo('二.jpg'))
  const [first, second] = rows()
  second?.querySelector<HTMLElement>('[data-attach-cancel]')?.click()
  first?.querySelector<HTMLElement>('[data-attach-cancel]')?.click()
  expect(rows()).toHaveLength(0)
  expect(Exchange.all).toHaveLength(1)
})

it('a pasted picture is taken, unless somebody types', () => {
  give('paste', find('textarea'), photo('图.png'))
  expect(Exchange.all).toHaveLength(0)
  expect(give('paste', document.body, photo('图.png')).defaultPrevented).toBe(true)
  expect(Exchange.all).toHaveLength(1)
})

it('leaving while a file is on its way asks first', () => {
  const leave = (): boolean => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))
  expect(leave()).toBe(false)
  give('drop', find('form'), photo('一.jpg'))
  expect(leave()).toBe(true)
  latest().answer(200, LIST)
  expect(leave()).toBe(false)
})
