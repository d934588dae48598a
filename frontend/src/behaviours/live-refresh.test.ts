import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { find, page, say } from '../../tests/page'
import { liveRefresh } from './live-refresh'

const refetch = vi.hoisted(() => vi.fn<(element: Element) => void>())
vi.mock('../htmx', () => ({ refetch }))

let stop: () => void

beforeEach(() => {
  refetch.mockClear()
  vi.useFakeTimers()
  page('<section data-live-subject="unit:7 unit:8"><button id="act">办</button></section>')
  stop = liveRefresh(find('section'))
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

it('many changes of its subjects make one fetch', () => {
  say('live:changed', 'unit:7')
  say('live:changed', 'unit:8')
  say('live:changed', 'unit:7')
  vi.advanceTimersByTime(2000)
  expect(refetch).toHaveBeenCalledTimes(1)
})

it('a change of something else fetches nothing', () => {
  say('live:changed', 'unit:70')
  vi.advanceTimersByTime(2000)
  expect(refetch).not.toHaveBeenCalled()
})

it('fetches once when the line is back, for what it missed', () => {
  say('live:state', 'up')
  vi.advanceTimersByTime(2000)
  expect(refetch).not.toHaveBeenCalled()
  say('live:state', 'down')
  say('live:state', 'up')
  vi.advanceTimersByTime(2000)
  expect(refetch).toHaveBeenCalledTimes(1)
})

it('gives the focus back to the same thing, and says politely that something changed', () => {
  const section = find('section')
  find('#act').focus()
  section.dispatchEvent(new Event('htmx:before:swap'))
  section.innerHTML = '<p>新</p><button id="act">办</button>'
  section.dispatchEvent(new Event('htmx:after:swap'))
  expect(document.activeElement?.id).toBe('act')
  expect(find('#announcer').textContent).toBe('本页内容已更新')
})

it('takes no focus that it did not have', () => {
  const section = find('section')
  section.dispatchEvent(new Event('htmx:before:swap'))
  section.dispatchEvent(new Event('htmx:after:swap'))
  expect(document.activeElement).toBe(document.body)
})
