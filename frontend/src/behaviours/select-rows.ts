// A table whose rows can be ticked: all at once from the head, a range with Shift, and a bar that counts them.

export function selectRows(table: HTMLElement): void {
  const all = table.querySelector<HTMLInputElement>('[data-select-all]')
  const boxes = (): HTMLInputElement[] => [...table.querySelectorAll<HTMLInputElement>('tbody [data-select]')]
  let last: HTMLInputElement | undefined

  const show = (): void => {
    const every = boxes()
    const ticked = every.filter((box) => box.checked)
    for (const box of every) box.closest('tr')?.setAttribute('aria-selected', String(box.checked))
    if (all) {
      all.checked = every.length > 0 && ticked.length === every.length
      all.indeterminate = ticked.length > 0 && !all.checked
    }
    tell(table, ticked.length)
  }

  table.addEventListener('click', (event) => {
    const box = event.target as HTMLInputElement
    if (box === all) boxes().forEach((one) => (one.checked = box.checked))
    else if (!box.matches('[data-select]')) return
    else if (event.shiftKey && last) tickRange(boxes(), last, box)
    last = box === all ? undefined : box
    show()
  })
  show()
}

function tickRange(boxes: HTMLInputElement[], from: HTMLInputElement, to: HTMLInputElement): void {
  const ends = [boxes.indexOf(from), boxes.indexOf(to)]
  for (const box of boxes.slice(Math.min(...ends), Math.max(...ends) + 1)) box.checked = to.checked
}

function tell(table: HTMLElement, count: number): void {
  const bar = table.closest('[data-selection]')?.querySelector<HTMLElement>('[data-bulk]')
  if (!bar) return
  bar.hidden = count === 0
  const text = bar.querySelector('[data-selected-count]')
  if (text) text.textContent = String(count)
}
