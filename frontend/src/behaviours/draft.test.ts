import { beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { startDrafts } from './draft'

const FORM = `<form data-draft="report" method="post">
  <input name="place"><input type="password" name="secret"><input type="hidden" name="token" value="t">
  <input type="checkbox" name="way" value="sms"><select name="kind"><option>a</option><option>b</option></select>
  <p data-draft-notice hidden><button type="button" data-draft-discard>不要</button></p></form>`

beforeEach(() => {
  localStorage.clear()
  vi.useFakeTimers()
  document.documentElement.dataset.user = '7'
})

/** A page as the browser would load it: nothing of the one before listens any more. */
function load(html: string, how = 'navigate'): void {
  vi.spyOn(performance, 'getEntriesByType').mockReturnValue([{ type: how }] as unknown as PerformanceEntryList)
  const root = document.implementation.createHTMLDocument()
  page(html)
  root.body.append(...document.body.childNodes)
  document.body.replaceChildren(...root.body.childNodes)
  startDrafts(document)
}

function type(value: string): void {
  find<HTMLInputElement>('[name=place]').value = value
  find<HTMLInputElement>('[name=way]').checked = true
  find<HTMLInputElement>('[name=secret]').value = 'x'
  find('[name=place]').dispatchEvent(new Event('input', { bubbles: true }))
  vi.advanceTimersByTime(500)
}

const send = (): boolean => find('form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
const place = (): string => find<HTMLInputElement>('[name=place]').value

it('what was typed is there again after the page was lost, and says so', () => {
  load(FORM)
  type('东桥村')
  load(FORM)
  expect(place()).toBe('东桥村')
  expect(find<HTMLInputElement>('[name=way]').checked).toBe(true)
  expect(find('[data-draft-notice]').hidden).toBe(false)
})

it('passwords and hidden fields are never kept', () => {
  load(FORM)
  type('东桥村')
  const kept = localStorage.getItem('draft:7:report') ?? ''
  expect(kept).toContain('东桥村')
  expect(kept).not.toMatch(/secret|token/)
})

it("another user of the same machine doesn't see it", () => {
  load(FORM)
  type('东桥村')
  document.documentElement.dataset.user = '8'
  load(FORM)
  expect(place()).toBe('')
})

it('a draft that was sent is gone when the next page has come', () => {
  load(FORM)
  type('东桥村')
  send()
  load('<p>已保存</p>')
  load(FORM)
  expect(place()).toBe('')
})

it('a draft whose sending failed is there after going back', () => {
  load(FORM)
  type('东桥村')
  send()
  load(FORM, 'back_forward')
  expect(place()).toBe('东桥村')
})

it('is left alone where the server showed the form again with its errors', () => {
  load(FORM)
  type('东桥村')
  load(FORM.replace('<input name="place">', '<input name="place" value="西桥村" aria-invalid="true">'))
  expect(place()).toBe('西桥村')
})

it('can be thrown away', () => {
  load(FORM)
  type('东桥村')
  load(FORM)
  find('[data-draft-discard]').click()
  expect(place()).toBe('')
  expect(localStorage.getItem('draft:7:report')).toBeNull()
})

it('is forgotten after three days and at log-out', () => {
  load(FORM)
  type('东桥村')
  vi.setSystemTime(Date.now() + 4 * 24 * 3600 * 1000)
  load('<form data-draft-clear></form>')
  expect(localStorage).toHaveLength(0)

  localStorage.setItem('draft:7:report', JSON.stringify({ at: Date.now(), sent: false, fields: {} }))
  send()
  expect(localStorage).toHaveLength(0)
})
