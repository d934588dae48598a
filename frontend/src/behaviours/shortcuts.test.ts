import { beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { find, page, press } from '../../tests/page'
import { dialog, dialogOpen } from './dialog'
import { shortcutList, startShortcuts } from './shortcuts'

beforeAll(() => startShortcuts(document))
beforeEach(() => {
  page(`<button id="home" data-key="g h" data-key-label="回到首页"></button>
    <button id="new" data-key="n">登记来件</button>
    <button id="command-button" data-key="Ctrl+k" data-dialog="command"></button>
    <button id="help" data-key="?" data-dialog="keys"></button>
    <input id="q" data-search><dialog id="keys"><dl data-search-label="搜索本页" data-close-label="关闭"></dl></dialog>`)
})

function presses(id: string): ReturnType<typeof vi.fn> {
  const pressed = vi.fn<() => void>()
  find(`#${id}`).addEventListener('click', pressed)
  return pressed
}

it('a key presses what the template gave it to', () => {
  const pressed = presses('new')
  press('n')
  expect(pressed).toHaveBeenCalledTimes(1)
})

it('two keys in a row go places', () => {
  const pressed = presses('home')
  press('g')
  press('h')
  expect(pressed).toHaveBeenCalledTimes(1)
})

it('typing in a field presses nothing, Ctrl-K does', () => {
  const [fresh, command] = [presses('new'), presses('command-button')]
  find('#q').focus()
  press('n')
  press('k', { ctrlKey: true })
  expect(fresh).not.toHaveBeenCalled()
  expect(command).toHaveBeenCalledTimes(1)
})

it('/ goes to the search of the page, or to the command box where there is none', () => {
  press('/')
  expect(document.activeElement?.id).toBe('q')
  const command = presses('command-button')
  find('#q').remove()
  press('/')
  expect(command).toHaveBeenCalledTimes(1)
})

it('? lists the keys of this very page', async () => {
  dialog(find('#keys'))
  dialogOpen(find('#help'))
  shortcutList(find('dl'))
  press('?')
  await vi.waitFor(() => expect(find('dl').textContent).toContain('登记来件'))
  expect([...document.querySelectorAll('dt')].map((key) => key.textContent)).toContain('GH')
  expect(find('dl').textContent).toContain('搜索本页')
})

it('keys of the page are silent while a dialog is open', () => {
  const pressed = presses('new')
  find<HTMLDialogElement>('#keys').showModal()
  press('n')
  expect(pressed).not.toHaveBeenCalled()
})
