// A notice that can be sent away.

export function dismiss(element: HTMLElement): void {
  element.querySelector('[data-dismiss]')?.addEventListener('click', () => element.remove())
}
