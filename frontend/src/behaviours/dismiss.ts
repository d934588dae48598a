// A notice that can be sent away; the focus goes to the next one, or to the page.
import { restore } from './focus'

export function dismiss(element: HTMLElement): void {
  element.querySelector('[data-dismiss]')?.addEventListener('click', () => {
    const next = element.nextElementSibling?.querySelector<HTMLElement>('[data-dismiss]')
    element.remove()
    if (next) next.focus()
    else restore(document)
  })
}
