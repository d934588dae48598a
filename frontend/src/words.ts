// Sentences come from the page (kernel/_words.html); scripts only fill their gaps.

export function word(name: string): string {
  return document.getElementById('words')?.dataset[name] ?? ''
}

export function fill(pattern: string, gaps: Record<string, string | number>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(gaps[name] ?? whole))
}

/** Say something to a screen reader without moving anything. */
export function announce(text: string): void {
  const announcer = document.getElementById('announcer')
  if (announcer) announcer.textContent = text
}
