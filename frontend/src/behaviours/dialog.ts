// Native <dialog>: opened by a button elsewhere, closed by its own buttons, Escape, or a click beside it.

export function dialog(element: HTMLElement): void {
  if (!(element instanceof HTMLDialogElement)) return
  element.addEventListener('click', (event) => {
    const target = event.target as Element
    if (target === element || target.closest('[data-dialog-close]')) element.close()
  })
  if (element.hasAttribute('data-open')) element.showModal()
}

export function dialogOpen(element: HTMLElement): void {
  element.addEventListener('click', () => {
    const wanted = document.getElementById(element.dataset.dialog ?? '')
    if (wanted instanceof HTMLDialogElement && !wanted.open) wanted.showModal()
  })
}
