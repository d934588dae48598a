import { beforeAll, beforeEach, expect, it } from 'vitest'
import { find, page } from '../../tests/page'
import { startSubmitGuard } from './submit-guard'

beforeAll(() => startSubmitGuard(document))
beforeEach(() => page('<form method="post"><button>发布</button></form>'))

const send = (): boolean => find('form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))

it('lets the first press through and stops the second', () => {
  expect(send()).toBe(true)
  expect(find('button').getAttribute('aria-busy')).toBe('true')
  expect(send()).toBe(false)
})

it('lets a search be repeated', () => {
  find<HTMLFormElement>('form').method = 'get'
  expect(send()).toBe(true)
  expect(send()).toBe(true)
})

it('is free again after an answer in place, and after coming back to the page', () => {
  send()
  find('form').dispatchEvent(new Event('htmx:finally:request', { bubbles: true }))
  expect(send()).toBe(true)
  dispatchEvent(new Event('pageshow'))
  expect(send()).toBe(true)
})
