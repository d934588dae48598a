import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { find, page, say } from '../../tests/page'
import { connection } from './connection'

let stop: () => void

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('SharedWorker', undefined)
  vi.stubGlobal('EventSource', class extends EventTarget { close(): void {} })
  vi.stubGlobal('fetch', async () => ({ type: 'basic' }))
  page(`<div id="band">
    <span data-when="down" data-text="断开 {at}" hidden><b data-fill></b></span>
    <span data-when="back" data-text="已恢复" hidden><b data-fill></b></span>
    <span data-when="ended" data-text="登录已结束" hidden><b data-fill></b></span></div>`)
  stop = connection(find('#band'))
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

const seen = (): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>('[data-when]')].filter((part) => !part.hidden).map((part) => part.dataset.when)

it('shows nothing while the line is good', () => {
  say('live:state', 'up')
  expect(seen()).toEqual([])
})

it('shows a lost line at once with the time, then that it is back, then nothing', () => {
  say('live:state', 'down')
  expect(seen()).toEqual(['down'])
  expect(find('[data-when=down]').textContent).toMatch(/断开 \d\d:\d\d/)
  say('live:state', 'up')
  expect(seen()).toEqual(['back'])
  vi.advanceTimersByTime(5000)
  expect(seen()).toEqual([])
})

it('a network that the browser reports gone counts as lost', () => {
  dispatchEvent(new Event('offline'))
  expect(seen()).toEqual(['down'])
})

it('says that the session ended when a page would lead to the door', async () => {
  vi.stubGlobal('fetch', async () => ({ type: 'opaqueredirect' }))
  say('live:state', 'down')
  await vi.advanceTimersByTimeAsync(7000)
  expect(seen()).toEqual(['ended'])
})
