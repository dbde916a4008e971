import { store } from '../data/store.ts'

export const THEMES = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const

export type Theme = (typeof THEMES)[number][0]

const KEY = 'warder.theme'

export const theme = store<Theme>(read())

export function setTheme(value: Theme): void {
  theme.set(value)
  show(value)
  localStorage.setItem(KEY, value)
}

/** Puts the chosen one in force; `system` leaves it to the browser. */
export function show(value: Theme): void {
  if (value === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = value
}

function read(): Theme {
  const kept = localStorage.getItem(KEY)
  return THEMES.map(([value]) => value).find((value) => value === kept) ?? 'system'
}
