import { beforeAll, beforeEach, expect, it } from 'vitest'
import { find, page } from '../../tests/page'
import { startFocus } from './focus'

beforeAll(() => startFocus(document))
beforeEach(() => page('<main id="main" tabindex="-1"><section><button id="act">办</button></section></main>'))

function swap(html: string): void {
  const section = find('section')
  section.dispatchEvent(new Event('htmx:before:swap', { bubbles: true }))
  section.innerHTML = html
  section.dispatchEvent(new Event('htmx:after:swap', { bubbles: true }))
}

it('the same thing gets the focus back', () => {
  find('#act').focus()
  swap('<p>新</p><button id="act">办</button>')
  expect(document.activeElement?.id).toBe('act')
})

it('where it is gone, the keyboard goes on in the page', () => {
  find('#act').focus()
  swap('<p>办完了</p>')
  expect(document.activeElement?.id).toBe('main')
})

it('a swap takes no focus that it did not have', () => {
  swap('<p>新</p>')
  expect(document.activeElement).toBe(document.body)
})
