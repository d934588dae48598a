// Copies a text, or what stands in another element, and says so.
import { announce, word } from '../words'

const SAID_MS = 2000

export function copy(element: HTMLElement): void {
  element.addEventListener('click', async () => {
    const { copyOf, copyText } = element.dataset
    const source = copyOf ? document.getElementById(copyOf)?.textContent : copyText
    await navigator.clipboard.writeText(source?.trim() ?? '')
    say(element)
  })
}

function say(element: HTMLElement): void {
  const label = element.querySelector('span') ?? element
  const before = label.textContent
  const done = word('copied')
  if (before === done) return
  label.textContent = done
  announce(done)
  setTimeout(() => (label.textContent = before), SAID_MS)
}
