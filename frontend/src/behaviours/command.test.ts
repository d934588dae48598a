import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { command, matching } from './command'

const FOUND = `<section><h2>单位</h2><ul>
  <li><a href="/units/7/"><span>河西镇</span> <small>乡镇</small></a></li>
  <li><a href="/units/?q=镇"><span>在“单位”中查看全部</span></a></li></ul></section>`
let stop: () => void
let answer: (words: string) => Promise<Response>
const asked = vi.fn<(url: string, init: RequestInit) => Promise<Response>>()

beforeEach(() => {
  vi.useFakeTimers()
  asked.mockReset()
  asked.mockImplementation(async (url, init) => {
    const response = await answer(new URL(url, location.href).searchParams.get('q') ?? '')
    if (init.signal?.aborted) throw new DOMException('', 'AbortError')
    return response
  })
  vi.stubGlobal('fetch', asked)
  answer = async (words) => new Response(words === '镇' ? FOUND : '')
  page(`<nav id="nav"><a href="/units/"><span>单位</span><span class="an-count">3</span></a><a href="/node/">运行状态</a></nav>
    <dialog id="command" data-find="/find/"><input><div role="listbox" data-pages="页面"></div>
    <p data-note data-busy="查找中" data-none="没有" data-failed="没有应答" hidden></p></dialog>`)
  stop = command(find('#command'))
})
afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open(): Promise<void> {
  find<HTMLDialogElement>('#command').showModal()
  await vi.waitFor(() => expect(titles().length).toBe(2))
}

const titles = (): (string | null | undefined)[] =>
  [...document.querySelectorAll('[role=option] > span')].map((item) => item.textContent)
const groups = (): (string | null | undefined)[] =>
  [...document.querySelectorAll('[role=group]')].map((group) => group.firstElementChild?.textContent)
const note = (): string | null => (find('[data-note]').hidden ? null : find('[data-note]').textContent)

function type(words: string): void {
  const input = find<HTMLInputElement>('#command input')
  input.value = words
  input.dispatchEvent(new Event('input'))
}

function key(name: string): void {
  find('#command input').dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }))
}

it('opens with every page, without their counts, and asks for no records', async () => {
  await open()
  expect(titles()).toEqual(['单位', '运行状态'])
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked).not.toHaveBeenCalled()
})

it('typing narrows the pages at once, and records follow in groups of their own', async () => {
  await open()
  type('镇')
  expect(titles()).toEqual([])
  expect(note()).toBe('查找中')
  await vi.advanceTimersByTimeAsync(1000)
  expect(groups()).toEqual(['单位'])
  expect(titles()).toEqual(['河西镇', '在“单位”中查看全部'])
  expect(find('[role=option] small').textContent).toBe('乡镇')
  expect(note()).toBeNull()
  expect(find('#announcer').textContent).toBe('找到 2 项')
})

it('asks once for what was typed in one go, and drops the answer to what no longer stands there', async () => {
  await open()
  let release = (): void => {}
  answer = (words) => new Promise((done) => (release = () => done(new Response(words === '镇' ? FOUND : ''))))
  type('河')
  type('镇')
  await vi.advanceTimersByTimeAsync(500)
  expect(asked).toHaveBeenCalledTimes(1)
  type('没有的')
  release()
  await vi.advanceTimersByTimeAsync(100)
  expect(titles()).toEqual([])
})

it('nothing found is said, and so is a server that does not answer', async () => {
  await open()
  type('没有的')
  await vi.advanceTimersByTimeAsync(1000)
  expect(note()).toBe('没有')
  answer = async () => Promise.reject(new TypeError('offline'))
  type('状态')
  await vi.advanceTimersByTimeAsync(1000)
  expect(note()).toBe('没有应答')
  expect(titles()).toEqual(['运行状态'])
})

it('letters of a word that is still being composed are not looked for', async () => {
  await open()
  const input = find<HTMLInputElement>('#command input')
  input.value = 'zhen'
  input.dispatchEvent(new InputEvent('input', { isComposing: true }))
  await vi.advanceTimersByTimeAsync(1000)
  expect(asked).not.toHaveBeenCalled()
  input.value = '镇'
  input.dispatchEvent(new CompositionEvent('compositionend'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(titles()).toContain('河西镇')
})

it('arrows choose across groups and Enter goes there', async () => {
  const assign = vi.spyOn(location, 'assign').mockReturnValue()
  await open()
  key('ArrowDown')
  expect(find('[aria-selected=true]').textContent).toBe('运行状态')
  key('Enter')
  expect(assign).toHaveBeenCalledWith(expect.stringMatching(/\/node\/$/))
  type('镇')
  await vi.advanceTimersByTimeAsync(1000)
  key('ArrowUp')
  key('ArrowUp')
  expect(find('#command input').getAttribute('aria-activedescendant')).toBe('command-0')
  key('Enter')
  expect(assign).toHaveBeenLastCalledWith(expect.stringMatching(/\/units\/7\/$/))
})

it('every word of the query must be in the name', () => {
  const all = [{ title: 'Unit list', detail: '', href: '/' }]
  expect(matching(all, 'list UNIT')).toEqual(all)
  expect(matching(all, 'unit tree')).toEqual([])
})
