import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peerLookup } from './peer.ts'
import { descriptorOf } from './unix-socket.ts'

test('the kernel names the process at the other end', async (t) => {
  const lookup = peerLookup()
  if (!lookup.inForce) return t.skip(`the kernel cannot be asked here: ${lookup.why}`)
  const directory = mkdtempSync(join(tmpdir(), 'warder-'))
  const server = createServer().listen(join(directory, 'p.sock'))
  await once(server, 'listening')
  const client = connect(join(directory, 'p.sock'))
  const [accepted] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    client.destroy()
    accepted.destroy()
    server.close()
    rmSync(directory, { recursive: true })
  })
  const { uid, gid, pid } = lookup.credentials(descriptorOf(accepted))
  assert.deepEqual([uid, gid], [process.getuid?.(), process.getgid?.()])
  if (process.platform === 'linux') assert.equal(pid, process.pid)
})

test('what is no socket has no peer', (t) => {
  const lookup = peerLookup()
  if (!lookup.inForce) return t.skip(`the kernel cannot be asked here: ${lookup.why}`)
  for (const fd of [-1, 0x7fff_ffff]) assert.throws(() => lookup.credentials(fd))
})
