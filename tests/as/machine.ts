// A topology by hand, on pieces of the heap, under a narrow header and a wide one: what the specs of the joined decision
// and of the checks ask.

import {
  DIRECTIONS,
  HEADER_CLASSES,
  HEADER_CLASS_COUNT,
  HEADER_HOSTS,
  HEADER_PRECISE,
  HEADER_REQUESTS,
  HEADER_TABLE,
  HOST_BYTES,
  HOST_PLACE,
  HOST_SEGMENT,
  HOST_SYSTEM,
  PATHS,
  RELATIONS,
} from "../../assembly/layout";
import { Packed, Source, zeros } from "./forests";
import { random } from "./random";
import { Ranges } from "./ranges";

/** A forest, ranges and a decision table. Nodes are numbered from 1, as their parents say. */
export class Machine {
  ranges: Ranges = new Ranges();
  hostCount: u32 = 0;
  narrow: usize = 0;
  wide: usize = 0;
  /** Nodes of the greatest tree. */
  longest: u32 = 0;
  private parents: u32[] = [];
  private marks: u8[] = [];
  private dmaBits: u8[] = [];
  private hosts: u32[] = [];
  private classOfHost: u8[] = [];
  private classes: u32 = 1;
  private table: usize = zeros(<usize>(RELATIONS * PATHS * DIRECTIONS) * 16);

  system(open: u32, iommu: u32 = 0): u32 {
    return this.ranges.system(open, iommu);
  }

  host(system: u32, segment: u32, known: bool, hostClass: u8 = 0): u32 {
    this.hosts.push(system);
    this.hosts.push(segment);
    this.hosts.push(u32(known));
    this.classOfHost.push(hostClass);
    if (<u32>hostClass + 1 > this.classes) this.classes = <u32>hostClass + 1;
    this.hostCount++;
    return this.node(0, 0);
  }

  /** Nodes come depth first, so that their numbers are their ids. */
  node(parent: u32, mark: u8, dmaBits: u8 = 0): u32 {
    this.parents.push(parent);
    this.marks.push(mark);
    this.dmaBits.push(dmaBits);
    return this.parents.length;
  }

  /** Some node from the last one up: whatever hangs below it comes depth first. */
  somewhere(): u32 {
    let node: u32 = this.parents.length;
    while (this.parents[node - 1] != 0 && random(3) > 0) node = this.parents[node - 1];
    return node;
  }

  /** What a node was given; 0: no node. */
  markOf(node: u32): u8 {
    return node == 0 ? 0 : this.marks[node - 1];
  }

  count(): u32 {
    return this.parents.length;
  }

  /** The outcomes of one cell of the table; after all hosts. */
  outcome(relation: u32, path: u32, direction: u32, providerClass: u32, clientClass: u32, outcomes: u32): void {
    const row = (relation * PATHS + path) * DIRECTIONS + direction;
    store<u8>(this.table + <usize>((row * this.classes + providerClass) * this.classes + clientClass), <u8>outcomes);
  }

  /** The same outcomes in all directions, where there is one class. */
  always(relation: u32, path: u32, outcomes: u32): void {
    for (let direction: u32 = 0; direction < DIRECTIONS; direction++) {
      this.outcome(relation, path, direction, 0, 0, outcomes);
    }
  }

  /** One of four outcomes, or several, in each cell. */
  anyOutcomes(): void {
    const cells = RELATIONS * PATHS * DIRECTIONS * this.classes * this.classes;
    for (let cell: u32 = 0; cell < cells; cell++) {
      store<u8>(this.table + cell, <u8>(random(3) == 0 ? 1 + random(15) : (<u32>1) << random(4)));
    }
  }

  finish(): void {
    const source = new Source(this.parents.length);
    for (let node: u32 = 1; node <= source.count; node++) {
      source.hang(node, this.parents[node - 1]);
      source.mark(node, this.marks[node - 1]);
      source.drive(node, this.dmaBits[node - 1]);
    }
    source.number();
    const hosts = zeros(<usize>this.hostCount * HOST_BYTES);
    for (let index = 0; index < this.hosts.length; index += 3) {
      const host = hosts + <usize>(index / 3) * HOST_BYTES;
      store<u32>(host, this.hosts[index], HOST_SYSTEM);
      store<u32>(host, this.hosts[index + 1], HOST_SEGMENT);
      store<u32>(host, this.hosts[index + 2], HOST_PLACE);
    }
    this.ranges.build();
    this.narrow = this.header(new Packed(source, false), hosts);
    this.wide = this.header(new Packed(source, true), hosts);
  }

  /** Whose model of ACS decides, and where the ways of requests are: of all rows or columns. */
  judgedBy(precise: u32, requests: usize): void {
    store<u32>(this.narrow, precise, HEADER_PRECISE);
    store<u32>(this.narrow, <u32>requests, HEADER_REQUESTS);
    store<u32>(this.wide, precise, HEADER_PRECISE);
    store<u32>(this.wide, <u32>requests, HEADER_REQUESTS);
  }

  private header(packed: Packed, hosts: usize): usize {
    const base = packed.base;
    this.longest = packed.longest;
    store<u32>(base, <u32>hosts, HEADER_HOSTS);
    store<u32>(base, <u32>this.classOfHost.dataStart, HEADER_CLASSES);
    store<u32>(base, <u32>this.table, HEADER_TABLE);
    store<u32>(base, this.classes, HEADER_CLASS_COUNT);
    this.ranges.enter(base);
    return base;
  }
}
