import { Dialog } from '@base-ui/react/dialog'
import { useId, useState, type FormEvent, type ReactNode } from 'react'
import { Wrong } from './blocks.tsx'
import { Told } from './text.tsx'

/** A dialog with a heading, that Escape closes and that gives the focus back. */
export function Sheet(props: {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly side?: boolean
  readonly children: ReactNode
}): ReactNode {
  return (
    <Dialog.Root open={props.open} onOpenChange={(open) => (open ? undefined : props.onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className={props.side === true ? 'sheet sheet-side' : 'sheet'}>
          <div className="sheet-head">
            <Dialog.Title render={<h2 />}>{props.title}</Dialog.Title>
            <Dialog.Close className="close">Close</Dialog.Close>
          </div>
          {props.children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

export interface Act {
  readonly title: string
  /** What happens, whole. */
  readonly about: ReactNode
  /** To be typed before the button works; none: no typing. */
  readonly word?: string
  /** Whether a reason goes on record with it. */
  readonly reason?: boolean
  readonly button: string
  readonly danger?: boolean
  readonly run: (reason: string) => Promise<unknown>
}

/** Asks once more before a risky act, and shows the daemon's answer, not a hope. */
export function Confirm({
  act,
  onClose,
}: {
  readonly act: Act | undefined
  readonly onClose: () => void
}): ReactNode {
  return (
    <Sheet open={act !== undefined} onClose={onClose} title={act?.title ?? ''}>
      {act === undefined ? null : <Question key={act.title} act={act} onClose={onClose} />}
    </Sheet>
  )
}

function Question({ act, onClose }: { readonly act: Act; readonly onClose: () => void }): ReactNode {
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const [state, setState] = useState<{ readonly busy: boolean; readonly error?: unknown }>({ busy: false })
  const ready =
    (act.word === undefined || typed.trim() === act.word) && (act.reason !== true || reason.trim() !== '')
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!ready || state.busy) return
    setState({ busy: true })
    try {
      await act.run(reason.trim())
      onClose()
    } catch (error) {
      setState({ busy: false, error })
    }
  }
  return (
    <form className="question" onSubmit={(event) => void submit(event)}>
      <div>{act.about}</div>
      {act.reason === true ? (
        <TextField label="Reason, for the record" value={reason} onChange={setReason} max={500} />
      ) : null}
      {act.word === undefined ? null : <TypedWord word={act.word} value={typed} onChange={setTyped} />}
      {state.error === undefined ? null : <Wrong error={state.error} />}
      <div className="buttons">
        <button
          type="submit"
          className={act.danger === true ? 'danger' : 'primary'}
          disabled={!ready || state.busy}
        >
          {state.busy ? 'Asking the daemon…' : act.button}
        </button>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  )
}

export function TypedWord(props: {
  readonly word: string
  readonly value: string
  readonly onChange: (value: string) => void
}): ReactNode {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>
        Type{' '}
        <strong className="word">
          <Told>{props.word}</Told>
        </strong>{' '}
        to confirm
      </label>
      <input
        id={id}
        value={props.value}
        onChange={({ target }) => props.onChange(target.value)}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
      />
    </div>
  )
}

export function TextField(props: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly max?: number
  readonly type?: 'text' | 'password'
  readonly complete?: string
  readonly note?: ReactNode
}): ReactNode {
  const id = useId()
  const noteId = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        type={props.type ?? 'text'}
        value={props.value}
        maxLength={props.max ?? 1024}
        autoComplete={props.complete ?? 'off'}
        aria-describedby={props.note === undefined ? undefined : noteId}
        onChange={({ target }) => props.onChange(target.value)}
      />
      {props.note === undefined ? null : (
        <p id={noteId} className="note">
          {props.note}
        </p>
      )}
    </div>
  )
}

export function Choice(props: {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [string, string])[]
  readonly onChange: (value: string) => void
}): ReactNode {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={({ target }) => props.onChange(target.value)}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
