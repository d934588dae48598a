import { beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../tests/page'
import { startHtmx } from './htmx'

const trigger = vi.hoisted(() => vi.fn<(element: Element, name: string) => void>())
vi.mock('htmx.org', () => ({ default: { trigger } }))

beforeAll(startHtmx)
beforeEach(() => {
  document.head.innerHTML = '<meta name="csrf-token" content="t0ken">'
  page('<template id="request-failed"><p class="an-notice">没有完成</p></template>')
})

function tell(name: string, ctx: object): CustomEvent {
  const event = new CustomEvent(name, { detail: { ctx }, cancelable: true })
  document.dispatchEvent(event)
  return event
}

it('writes carry the token, reads do not', () => {
  const [post, get] = [{ method: 'POST', headers: {} }, { method: 'GET', headers: {} }]
  tell('htmx:config:request', { request: post })
  tell('htmx:config:request', { request: get })
  expect(post.headers).toEqual({ 'X-CSRFToken': 't0ken' })
  expect(get.headers).toEqual({})
})

it('a redirect is followed by the whole page, never swapped in', () => {
  const assign = vi.spyOn(location, 'assign').mockReturnValue()
  const raw = { redirected: true, url: 'https://node/next/' }
  expect(tell('htmx:before:response', { request: { method: 'POST' }, response: { raw } }).defaultPrevented).toBe(true)
  expect(assign).toHaveBeenCalledWith('https://node/next/')
})

it('a failure of what was asked for is told at the top; a form with errors and what the page does by itself are not', () => {
  tell('htmx:response:error', { request: {}, response: { raw: { status: 422 } } })
  expect(find('#messages').textContent).toBe('')
  tell('htmx:error', { request: {}, sourceEvent: new Event('every') })
  expect(find('#messages').textContent).toBe('')
  tell('htmx:response:error', { request: {}, response: { raw: { status: 500 } } })
  expect(find('#messages').textContent).toBe('没有完成')
})

it('what comes by itself waits while somebody decides in a dialog; what he asked for does not', () => {
  page('<section><dialog open>发布？</dialog></section>')
  const dialog = find('dialog')
  const swap = (by: string): boolean => {
    const detail = { ctx: { request: {}, sourceEvent: new Event(by) } }
    return find('section').dispatchEvent(new CustomEvent('htmx:before:swap', { detail, bubbles: true, cancelable: true }))
  }
  expect(swap('click')).toBe(true)
  expect(swap('live-changed')).toBe(false)
  expect(trigger).not.toHaveBeenCalled()
  dialog.removeAttribute('open')
  dialog.dispatchEvent(new Event('close'))
  expect(trigger).toHaveBeenCalledWith(find('section'), 'live-changed')
  expect(swap('live-changed')).toBe(true)
})
