import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { setClock } from '../time'
import { clock } from './clock'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now())
  document.documentElement.dataset.clock = '2026-07-20T13:53:00+08:00'
  setClock()
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

let stop: () => void

function shown(iso: string, kind = 'due'): HTMLElement {
  page(`<time datetime="${iso}" data-kind="${kind}"></time>`)
  const element = find('time')
  stop = clock(element)
  return element
}

it.each([
  ['2026-07-20T14:05:00+08:00', '还剩 12 分钟 · 14:05 到期'],
  ['2026-07-20T13:53:30+08:00', '还剩 不到 1 分钟 · 13:53 到期'],
  ['2026-07-20T15:10:00+08:00', '还剩 1 小时 17 分 · 15:10 到期'],
  ['2026-07-21T17:00:00+08:00', '还剩 1 天 3 小时 · 07-21 17:00 到期'],
  ['2026-07-22T13:53:00+08:00', '还剩 2 天 · 07-22 13:53 到期'],
  ['2026-07-21T00:00:00+08:00', '还剩 10 小时 7 分 · 24:00 到期'],
  ['2026-08-01T00:00:00+08:00', '还剩 11 天 10 小时 · 07-31 24:00 到期'],
])('%s is said as "%s"', (iso, text) => {
  expect(shown(iso).textContent).toBe(text)
})

it('counts up, and is marked, once it is over', () => {
  const element = shown('2026-07-20T13:46:00+08:00')
  expect(element.textContent).toBe('已超 7 分钟 · 13:46 到期')
  expect(element.hasAttribute('data-late')).toBe(true)
})

it('goes over while the page stays open', () => {
  const element = shown('2026-07-20T13:54:00+08:00')
  expect(element.hasAttribute('data-late')).toBe(false)
  vi.advanceTimersByTime(120_000)
  expect(element.textContent).toBe('已超 1 分钟 · 13:54 到期')
})

it('a past moment is never late', () => {
  const element = shown('2026-07-20T13:20:00+08:00', 'ago')
  expect(element.textContent).toBe('33 分钟前 · 13:20')
  expect(element.hasAttribute('data-late')).toBe(false)
  stop()
  expect(shown('2026-07-20T13:52:40+08:00', 'ago').textContent).toBe('刚刚 · 13:52')
})

it('follows the clock of an exercise', () => {
  document.documentElement.dataset.clockRate = '60'
  setClock()
  const element = shown('2026-07-20T14:53:00+08:00')
  vi.advanceTimersByTime(30_000)
  delete document.documentElement.dataset.clockRate
  expect(element.textContent).toBe('还剩 30 分钟 · 14:53 到期')
})

it('the text that a morph brings does not stay', () => {
  const element = shown('2026-07-20T13:46:00+08:00')
  element.textContent = '2026年7月20日 13:46'
  element.removeAttribute('data-late')
  document.dispatchEvent(new CustomEvent('htmx:after:swap'))
  expect(element.textContent).toBe('已超 7 分钟 · 13:46 到期')
  expect(element.hasAttribute('data-late')).toBe(true)
})

it('a clock that has stopped is not late', () => {
  const element = shown('2026-07-20T13:46:00+08:00')
  stop()
  expect(element.hasAttribute('data-late')).toBe(false)
})
