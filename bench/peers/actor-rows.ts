/** Calls of an object in another thread: Plasmoid's actors beside comlink and calls written by hand. */
import type { Row } from '../harness.ts';
import { type Measure, many, type OpenPeer, single, subject } from './calls.ts';
import { openComlink } from './comlink.ts';
import { plasmoidActor } from './plasmoid.ts';
import { openRpc } from './rpc-peer.ts';

const comlink: OpenPeer = async () => {
  const { counter, end } = await openComlink();
  return { call: () => counter.add(1), end };
};

const rpc: OpenPeer = async () => {
  const { caller, end } = openRpc();
  return { call: () => caller.call('add', 1), end };
};

function actorRow(name: string, measure: Measure): Row {
  return {
    name: `peers: calls of an object in a worker, ${name}`,
    unit: 'µs/call',
    subjects: [
      subject('Plasmoid actor', plasmoidActor, measure),
      subject('comlink', comlink, measure),
      subject('postMessage by hand', rpc, measure),
    ],
    claims: [
      { subject: 'Plasmoid actor', against: ['comlink'], times: 5 },
      { subject: 'Plasmoid actor', against: ['postMessage by hand'], times: 1.5 },
    ],
  };
}

export const actorRows: readonly Row[] = [
  actorRow('1,000 in flight', many),
  actorRow('one at a time, both sides warm', single),
];
