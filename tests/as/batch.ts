// Rows that are asked together: pairs or requests, and every column of the answers.

import { decideMany } from "../../assembly/pairs";
import { requestMany } from "../../assembly/requests";
import { zeros } from "./forests";

export class Batch {
  count: u32 = 0;
  providers: usize;
  /** Or initiators. */
  clients: usize;
  directions: usize;
  addresses: usize;
  sizes: usize;
  values: usize;
  owners: usize;
  offsets: usize;
  dma: usize;
  translation: usize;
  status: usize;
  common: usize;
  distance: usize;
  relation: usize;
  path: usize;
  outcomes: usize;
  private asked: usize;
  private ends: usize;

  constructor(public room: u32) {
    const rows = <usize>room;
    this.providers = zeros(rows * 4);
    this.clients = zeros(rows * 4);
    this.directions = zeros(rows);
    this.addresses = zeros(rows * 8);
    this.asked = zeros(rows * 8);
    this.sizes = zeros(rows * 8);
    this.ends = zeros(rows * 8);
    this.values = zeros(rows * 4);
    this.owners = zeros(rows * 4);
    this.offsets = zeros(rows * 8);
    this.dma = zeros(rows * 8);
    this.translation = zeros(rows);
    this.status = zeros(rows);
    this.common = zeros(rows * 4);
    this.distance = zeros(rows * 4);
    this.relation = zeros(rows);
    this.path = zeros(rows);
    this.outcomes = zeros(rows);
  }

  pair(provider: u32, client: u32, direction: u32): void {
    store<u32>(this.providers + <usize>this.count * 4, provider);
    store<u32>(this.clients + <usize>this.count * 4, client);
    store<u8>(this.directions + this.count, <u8>direction);
    this.count++;
  }

  request(initiator: u32, address: u64, size: u64, direction: u32): void {
    store<u64>(this.asked + <usize>this.count * 8, address);
    store<u64>(this.sizes + <usize>this.count * 8, size);
    this.pair(0, initiator, direction);
  }

  /** Row `row` of another batch, as what is asked. */
  copy(other: Batch, row: u32): void {
    store<u64>(this.asked + <usize>this.count * 8, load<u64>(other.asked + <usize>row * 8));
    store<u64>(this.sizes + <usize>this.count * 8, load<u64>(other.sizes + <usize>row * 8));
    const provider = load<u32>(other.providers + <usize>row * 4);
    this.pair(provider, load<u32>(other.clients + <usize>row * 4), load<u8>(other.directions + row));
  }

  decide(base: usize): void {
    decideMany(
      base,
      this.count,
      this.providers,
      this.clients,
      this.directions,
      0,
      this.common,
      this.distance,
      this.relation,
      this.path,
      this.outcomes,
    );
  }

  /** All rows in one direction. */
  decideAll(base: usize, direction: u32): void {
    decideMany(
      base,
      this.count,
      this.providers,
      this.clients,
      0,
      direction,
      this.common,
      this.distance,
      this.relation,
      this.path,
      this.outcomes,
    );
  }

  /** Each row in its direction, or with `alike` all in one. */
  ask(base: usize, alike: bool = false, direction: u32 = 0): void {
    memory.copy(this.addresses, this.asked, <usize>this.count * 8);
    const scratch = zeros(<usize>this.count * 4);
    const systems = zeros(<usize>this.count * 4);
    requestMany(
      base,
      this.count,
      this.clients,
      this.addresses,
      this.sizes,
      alike ? 0 : this.directions,
      direction,
      this.ends,
      scratch,
      systems,
      this.values,
      this.owners,
      this.offsets,
      this.dma,
      this.translation,
      this.status,
      this.common,
      this.distance,
      this.relation,
      this.path,
      this.outcomes,
      0,
      0,
      0,
    );
    heap.free(scratch);
    heap.free(systems);
  }

  /** Whether a row's decision is that of another batch's row. */
  decidedAs(row: u32, other: Batch, at: u32): bool {
    return (
      load<u32>(this.common + <usize>row * 4) == load<u32>(other.common + <usize>at * 4) &&
      load<u32>(this.distance + <usize>row * 4) == load<u32>(other.distance + <usize>at * 4) &&
      load<u8>(this.relation + row) == load<u8>(other.relation + at) &&
      load<u8>(this.path + row) == load<u8>(other.path + at) &&
      load<u8>(this.outcomes + row) == load<u8>(other.outcomes + at)
    );
  }

  /** Whether everything that is answered to a request is. */
  answeredAs(row: u32, other: Batch, at: u32): bool {
    return (
      this.decidedAs(row, other, at) &&
      load<u32>(this.values + <usize>row * 4) == load<u32>(other.values + <usize>at * 4) &&
      load<u32>(this.owners + <usize>row * 4) == load<u32>(other.owners + <usize>at * 4) &&
      load<u64>(this.offsets + <usize>row * 8) == load<u64>(other.offsets + <usize>at * 8) &&
      load<u64>(this.dma + <usize>row * 8) == load<u64>(other.dma + <usize>at * 8) &&
      load<u8>(this.translation + row) == load<u8>(other.translation + at) &&
      load<u8>(this.status + row) == load<u8>(other.status + at)
    );
  }
}
