import { beforeEach, expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { command, matching } from './command'

beforeEach(() => {
  page(`<nav id="nav"><a href="/units/"><span>单位</span><span class="an-count">3</span></a><a href="/node/">运行状态</a></nav>
    <dialog id="command"><input><ul role="listbox"></ul><p data-none hidden></p></dialog>`)
  command(find('#command'))
})

async function open(): Promise<void> {
  find<HTMLDialogElement>('#command').showModal()
  await vi.waitFor(() => expect(find('[role=listbox]').children.length).toBe(2))
}

const titles = (): (string | null)[] => [...document.querySelectorAll('[role=option]')].map((item) => item.textContent)

function key(name: string): void {
  find('#command input').dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }))
}

it('opens with every place, without their counts', async () => {
  await open()
  expect(titles()).toEqual(['单位', '运行状态'])
})

it('typing narrows, and nothing found is said', async () => {
  await open()
  const input = find<HTMLInputElement>('#command input')
  input.value = '状态'
  input.dispatchEvent(new Event('input'))
  expect(titles()).toEqual(['运行状态'])
  input.value = '没有的'
  input.dispatchEvent(new Event('input'))
  expect(find('[data-none]').hidden).toBe(false)
})

it('arrows choose and Enter goes there', async () => {
  const assign = vi.spyOn(location, 'assign').mockReturnValue()
  await open()
  key('ArrowDown')
  expect(find('[aria-selected=true]').textContent).toBe('运行状态')
  key('Enter')
  expect(assign).toHaveBeenCalledWith(expect.stringMatching(/\/node\/$/))
})

it('every word of the query must be in the name', () => {
  const all = [{ title: 'Unit list', href: '/' }]
  expect(matching(all, 'list UNIT')).toEqual(all)
  expect(matching(all, 'unit tree')).toEqual([])
})
