import { Menu } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { logOut, type Session } from '../data/session.ts'
import { clockText } from '../data/words.ts'
import { setTheme, theme, THEMES } from './theme.ts'

/** Who is logged in, how the page looks, and the way out. */
export function Account({ who, onHelp }: { readonly who: Session; readonly onHelp: () => void }): ReactNode {
  const chosen = theme.use()
  return (
    <Menu.Root>
      <Menu.Trigger className="account">
        {who.name} {who.role === who.name ? null : <span className="note">{who.role}</span>}{' '}
        <span aria-hidden="true">▾</span>
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-place" sideOffset={6} align="end">
          <Menu.Popup className="menu">
            <p className="note">Logged in until {clockText(Date.parse(who.expires))}, sooner when idle</p>
            <Menu.RadioGroup value={chosen} onValueChange={setTheme}>
              {THEMES.map(([value, name]) => (
                <Menu.RadioItem key={value} value={value} className="menu-item" closeOnClick>
                  {name}
                  <Menu.RadioItemIndicator className="note">in use</Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <Menu.Separator className="menu-line" />
            <Menu.Item className="menu-item" onClick={onHelp}>
              Keys <kbd>?</kbd>
            </Menu.Item>
            <Menu.Item className="menu-item" onClick={() => void logOut()}>
              Log out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
