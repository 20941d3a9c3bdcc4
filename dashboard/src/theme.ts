/** Dark or light: as the system says, until the user chooses. */

const NAME = 'ticktape-theme'

export function applyTheme(): void {
  const chosen = localStorage.getItem(NAME)
  if (chosen === null) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
  // What draws on a canvas draws again.
  dispatchEvent(new Event('themechange'))
}

export function nextTheme(): void {
  const isDark = getComputedStyle(document.documentElement).colorScheme === 'dark'
  localStorage.setItem(NAME, isDark ? 'light' : 'dark')
  applyTheme()
}
