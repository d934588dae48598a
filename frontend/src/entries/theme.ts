// Runs before the first paint, as a classic script: it settles light or dark from what the server wrote.
{
  const root = document.documentElement
  const dark = matchMedia('(prefers-color-scheme: dark)')

  const settle = (): void => {
    const wanted = root.dataset.theme
    root.dataset.bsTheme = wanted === 'light' || wanted === 'dark' ? wanted : dark.matches ? 'dark' : 'light'
  }

  settle()
  dark.addEventListener('change', settle)
}
