import { expect, it, vi } from 'vitest'
import { find, page } from '../../tests/page'
import { Registry } from './registry'

it('a behaviour is attached once, and to what is swapped in later', async () => {
  page('<p data-behaviour="greet"></p>')
  const greet = vi.fn<(element: HTMLElement) => void>()
  const registry = new Registry({ greet })
  registry.watch(document)
  registry.attach(document)
  expect(greet).toHaveBeenCalledTimes(1)

  document.body.insertAdjacentHTML('beforeend', '<div><i data-behaviour="other greet"></i></div>')
  await vi.waitFor(() => expect(greet).toHaveBeenCalledTimes(2))
})

it('what leaves the page is cleaned up, what stays is not', async () => {
  page('<p id="goes" data-behaviour="hold"></p><p data-behaviour="hold"></p>')
  const let_go = vi.fn<() => void>()
  new Registry({ hold: () => let_go }).watch(document)
  find('#goes').remove()
  await vi.waitFor(() => expect(let_go).toHaveBeenCalledTimes(1))
})

it('an element that a morph keeps gets the behaviours it has now', async () => {
  page('<time data-behaviour="tick"></time>')
  const stop = vi.fn<() => void>()
  const tick = vi.fn<() => () => void>(() => stop)
  new Registry({ tick }).watch(document)

  delete find('time').dataset.behaviour
  await vi.waitFor(() => expect(stop).toHaveBeenCalledTimes(1))
  find('time').dataset.behaviour = 'tick'
  await vi.waitFor(() => expect(tick).toHaveBeenCalledTimes(2))
  expect(stop).toHaveBeenCalledTimes(1)
})
