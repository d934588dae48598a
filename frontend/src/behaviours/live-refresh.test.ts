import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { liveRefresh } from './live-refresh'

const refetch = vi.hoisted(() => vi.fn<(element: Element) => void>())
vi.mock('../htmx', () => ({ refetch }))

let stop: () => void

const changed = (...subjects: string[]): void => {
  document.dispatchEvent(new CustomEvent('live:changed', { detail: subjects }))
}

beforeEach(() => {
  refetch.mockClear()
  vi.useFakeTimers()
  page('<section data-live-subject="unit:7 unit:8 kernel.obligation:*"><button id="act">办</button></section>')
  stop = liveRefresh(find('section'))
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

it('many changes of its subjects make one fetch', () => {
  changed('unit:7')
  changed('unit:8', 'unit:7')
  vi.advanceTimersByTime(2000)
  expect(refetch).toHaveBeenCalledTimes(1)
})

it('a change of something else fetches nothing', () => {
  changed('unit:70', 'kernel.obligations:7')
  vi.advanceTimersByTime(2000)
  expect(refetch).not.toHaveBeenCalled()
})

it.each(['kernel.obligation:4711', 'kernel.obligation:*', 'unit:*'])('%s concerns it', (subject) => {
  changed(subject)
  vi.advanceTimersByTime(2000)
  expect(refetch).toHaveBeenCalledTimes(1)
})

it('rests between fetches in a flood, and fetches what came last', () => {
  for (let tenths = 0; tenths < 200; tenths++) {
    changed('unit:7')
    vi.advanceTimersByTime(100)
  }
  vi.advanceTimersByTime(10_000)
  expect(refetch.mock.calls.length).toBeGreaterThanOrEqual(4)
  expect(refetch.mock.calls.length).toBeLessThanOrEqual(6)
})

it('fetches once where what changed is not known', () => {
  document.dispatchEvent(new Event('live:reset'))
  document.dispatchEvent(new Event('live:reset'))
  vi.advanceTimersByTime(10_000)
  expect(refetch).toHaveBeenCalledTimes(1)
})

it('says politely that something changed', () => {
  const section = find('section')
  section.dispatchEvent(new Event('htmx:before:swap'))
  section.innerHTML = '<p>新</p><button id="act">办</button>'
  section.dispatchEvent(new Event('htmx:after:swap'))
  expect(find('#announcer').textContent).toBe('本页内容已更新')
})

it('says nothing where the fetch brought nothing new', () => {
  const section = find('section')
  section.dispatchEvent(new Event('htmx:before:swap'))
  section.dispatchEvent(new Event('htmx:after:swap'))
  expect(find('#announcer').textContent).toBe('')
})
