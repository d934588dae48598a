// The behaviours of a few lines: dialog, copy, dismiss, ticked rows.
import { describe, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { copy } from './copy'
import { dialog, dialogOpen } from './dialog'
import { dismiss } from './dismiss'
import { measure } from './measure'
import { selectRows } from './select-rows'

it('a dialog opens by its button and closes by its own', () => {
  page('<button id="open" data-dialog="ask"></button><dialog id="ask"><b><button data-dialog-close></button></b></dialog>')
  const box = find<HTMLDialogElement>('#ask')
  dialog(box)
  dialogOpen(find('#open'))
  find('#open').click()
  expect(box.open).toBe(true)
  find('[data-dialog-close]').click()
  expect(box.open).toBe(false)
})

it('a link that opens a dialog opens its page where another tab is wanted', () => {
  page('<a id="open" href="/find/" data-dialog="ask"></a><dialog id="ask"></dialog>')
  dialogOpen(find('#open'))
  const click = (ctrlKey: boolean): boolean =>
    find('#open').dispatchEvent(new MouseEvent('click', { ctrlKey, cancelable: true }))
  expect(click(true)).toBe(true)
  expect(find<HTMLDialogElement>('#ask').open).toBe(false)
  expect(click(false)).toBe(false)
  expect(find<HTMLDialogElement>('#ask').open).toBe(true)
})

it('an element tells the styles how high it is, and takes that back when it leaves', () => {
  let resized = (): void => {}
  vi.stubGlobal('ResizeObserver', class {
    constructor(tell: () => void) {
      resized = tell
    }
    observe(): void {}
    disconnect(): void {}
  })
  page('<div id="notices" data-measure="--an-notices"></div>')
  const stop = measure(find('#notices'))
  resized()
  expect(document.documentElement.style.getPropertyValue('--an-notices')).toBe('0px')
  stop?.()
  expect(document.documentElement.style.getPropertyValue('--an-notices')).toBe('')
})

it('copy takes the text, says so, and goes back to its label', async () => {
  vi.useFakeTimers()
  const writeText = vi.fn<(text: string) => Promise<void>>(async () => {})
  vi.stubGlobal('navigator', { clipboard: { writeText } })
  page('<code id="number"> 9f31 </code><button data-copy-of="number"><span>复制</span></button>')
  copy(find('button'))
  find('button').click()
  await vi.advanceTimersByTimeAsync(0)
  expect(writeText).toHaveBeenCalledWith('9f31')
  expect(find('button').textContent).toBe('已复制')
  expect(find('#announcer').textContent).toBe('已复制')
  await vi.advanceTimersByTimeAsync(2500)
  expect(find('button').textContent).toBe('复制')
  vi.useRealTimers()
})

it('a notice can be sent away', () => {
  page('<main id="main" tabindex="-1"><p id="first"><button data-dismiss></button></p><p id="last"><button data-dismiss></button></p></main>')
  dismiss(find('#first'))
  dismiss(find('#last'))
  find('#first [data-dismiss]').click()
  expect(document.getElementById('first')).toBeNull()
  expect(document.activeElement).toBe(find('#last [data-dismiss]'))
  find('#last [data-dismiss]').click()
  expect(document.activeElement?.id).toBe('main')
})

describe('rows that can be ticked', () => {
  const box = '<tr><td><input type="checkbox" data-select></td></tr>'
  const boxes = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>('[data-select]')]
  const ticked = (): number[] => boxes().flatMap((one, at) => (one.checked ? [at] : []))
  const table = (): void => {
    page(`<div data-selection><p data-bulk hidden><b data-selected-count></b></p>
      <table><thead><tr><th><input type="checkbox" data-select-all></th></tr></thead><tbody>${box.repeat(4)}</tbody></table></div>`)
    selectRows(find('table'))
  }

  it('all at once from the head, and the bar counts them', () => {
    table()
    find('[data-select-all]').click()
    expect(ticked()).toEqual([0, 1, 2, 3])
    expect(find('[data-bulk]').hidden).toBe(false)
    expect(find('[data-selected-count]').textContent).toBe('4')
    boxes()[1]?.click()
    expect(find<HTMLInputElement>('[data-select-all]').indeterminate).toBe(true)
  })

  it('a range with Shift', () => {
    table()
    boxes()[0]?.click()
    boxes()[2]?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey: true }))
    expect(ticked()).toEqual([0, 1, 2])
  })
})
