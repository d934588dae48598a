// Tells the styles how high an element is (data-measure="--name"): what fills the screen below it takes that off.

export function measure(element: HTMLElement): () => void {
  const name = element.dataset.measure ?? ''
  const style = document.documentElement.style
  const seen = new ResizeObserver(() => style.setProperty(name, `${element.offsetHeight}px`))
  seen.observe(element)
  return () => {
    seen.disconnect()
    style.removeProperty(name)
  }
}
