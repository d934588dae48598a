// Native <dialog>: opened by a button elsewhere, closed by its own buttons, Escape, or a click beside it. What opens it may
// be a link to the same as a page, for where no script runs or another tab is wanted.

export function dialog(element: HTMLElement): void {
  if (!(element instanceof HTMLDialogElement)) return
  element.addEventListener('click', (event) => {
    const target = event.target as Element
    if (target === element || target.closest('[data-dialog-close]')) element.close()
  })
  if (element.hasAttribute('data-open')) element.showModal()
}

export function dialogOpen(element: HTMLElement): void {
  element.addEventListener('click', (event) => {
    const wanted = document.getElementById(element.dataset.dialog ?? '')
    if (!(wanted instanceof HTMLDialogElement) || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    if (!wanted.open) wanted.showModal()
  })
}
