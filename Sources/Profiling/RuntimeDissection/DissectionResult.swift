import Costs
import Formats
import Tensors
import Training

/// What was measured of a cell of the grid.
public struct DissectedCell: Sendable {
  /// The cell.
  public var cell: DissectionCell
  /// Rows of a batch.
  public var rows: Int
  /// Tokens of a row.
  public var length: Int
  /// The model's sizes.
  public var sizes: GPTConfiguration
  /// The numbers that are trained.
  public var trainedCount: Int
  /// Seconds of a step, nothing timed within it.
  public var step: Summary
  /// Seconds of the loss: the median, as of the other parts.
  public var forward: Double
  /// Seconds of the gradients, with what is computed again.
  public var backward: Double
  /// Seconds of the weights' change.
  public var optimizer: Double
  /// Bytes.
  public var memory: DissectedTraining.Memory
  /// Bytes of a step to the disk, and as many from it.
  public var diskBytes: Int
  /// The losses, step by step.
  public var losses: [Double]
  /// Steps with timed operators.
  public var recorded: [DissectedStep]
  /// Products alone.
  public var products: [DissectedProduct]
  /// The largest batch within the memory limit, and tokens a second with it; nothing where none was looked for.
  public var largest: (rows: Int, tokensPerSecond: Double)?

  /// Tokens a second.
  public var tokensPerSecond: Double { Double(rows * length) / step.median }
  /// The modules, the longest first.
  public var modules: [DissectedModule] { DissectedModule.modules(of: recorded) }
  /// Operators that memory holds up.
  public var traffic: [DissectedTraffic] { DissectedTraffic.traffic(of: recorded) }
  /// Seconds of a timed step in which no operator ran: the mean.
  public var idle: Double { recorded.reduce(0) { $0 + $1.idle } / Double(max(1, recorded.count)) }
  /// Seconds of a timed step: the mean.
  public var timedStep: Double { recorded.reduce(0) { $0 + $1.seconds } / Double(max(1, recorded.count)) }
  /// Seconds of what is computed again.
  public var recompute: Double { modules.reduce(0) { $0 + ($1.phase == .recompute ? $1.seconds : 0) } }
  /// What modules and idle time of timed steps make of an untimed step's time.
  public var accounted: Double { (modules.reduce(0) { $0 + $1.seconds } + idle) / step.median }

  /// Of each module that is products alone, what its products would take by level 3, and what its products took.
  public var productShares: [(name: String, alone: Double, inStep: Double)] {
    var found: [String: (Double, Double)] = [:]
    for one in products {
      let module = String(one.name.prefix { $0 != "," })
      let sums = found[module] ?? (0, 0)
      found[module] = (sums.0 + Double(one.count) * one.alone, sums.1 + one.inStep)
    }
    return found.map { ($0.key, $0.value.0, $0.value.1) }.sorted { $0.0 < $1.0 }
  }

  /// The most tokens a second that the cell was seen to reach.
  public var bestTokensPerSecond: Double { max(tokensPerSecond, largest?.tokensPerSecond ?? 0) }
}

/// What was measured of a grid.
public struct DissectionResult: Sendable {
  /// What was dissected.
  public var mode: DissectionMode
  /// The machine's limits.
  public var ceilings: Ceilings
  /// The cells that were measured.
  public var cells: [DissectedCell]
  /// The cells that were not, and why.
  public var refused: [(name: String, reason: String)]
  /// The bytes that there may be, if that was said.
  public var memoryLimit: Int?

  /// The rate of f32 products, operations a second.
  var peakRate: Double { (ceilings.chains[.f32]?.median ?? .nan) * 1e9 }
  /// The rate of memory, bytes a second.
  var bandwidth: Double { ceilings.bestRead.median * 1e9 }

  /// The largest bottleneck of the first cell, and the best three cells for the memory limit, in words.
  public var verdict: String {
    guard let first = cells.first else { return "nothing was measured" }
    return ([bottleneck(of: first)] + ranking).joined(separator: "\n")
  }

  private func bottleneck(of cell: DissectedCell) -> String {
    func percent(_ value: Double) -> String { "\(Int((100 * value).rounded())) %" }
    guard let module = cell.modules.first, module.seconds >= cell.idle else {
      return "largest bottleneck of \(cell.cell.name): time in which no operator runs, "
        + "\(percent(cell.idle / cell.timedStep)) of a step"
    }
    let isProduct = module.productSeconds > module.seconds / 2
    let reach =
      isProduct
      ? "arithmetic at \(percent(module.flopsPerSecond / peakRate)) of its measured peak"
      : "memory at \(percent(module.bytesPerSecond / bandwidth)) of its measured rate"
    return "largest bottleneck of \(cell.cell.name): \(module.name) \(module.phase.rawValue), "
      + "\(percent(module.seconds / cell.timedStep)) of a step, \(reach)"
  }

  /// The cells that fit, the fastest first.
  public var fitting: [DissectedCell] {
    cells.filter { cell in memoryLimit.map { cell.memory.peak <= $0 || cell.largest != nil } ?? true }
      .sorted { $0.bestTokensPerSecond > $1.bestTokensPerSecond }
  }

  private var ranking: [String] {
    let place = memoryLimit.map { "within \($0) bytes" } ?? "without a memory limit"
    let best = fitting.prefix(3)
    if best.isEmpty { return ["\(place) no cell fits"] }
    return best.enumerated().map { index, cell in
      var rows = cell.rows
      if let largest = cell.largest, largest.tokensPerSecond > cell.tokensPerSecond { rows = largest.rows }
      return "\(index + 1). \(place): \(cell.cell.name), \(Int(cell.bestTokensPerSecond.rounded())) tokens/s with "
        + "\(rows) \(rows == 1 ? "row" : "rows") of \(cell.length)"
    }
  }

  /// All of it, a table for each level.
  public var json: JSON {
    [
      "mode": .string(mode.rawValue), "ceilings": ceilings.json,
      "memoryLimit": memoryLimit.map { .integer($0) } ?? .null,
      "cells": .array(cells.map { figures(of: $0) }),
      "refused": .array(refused.map { ["cell": .string($0.name), "reason": .string($0.reason)] }),
      "verdict": .string(verdict),
    ]
  }

  private func figures(of cell: DissectedCell) -> JSON {
    let memory = cell.memory
    let resident: JSON = memory.resident.map { .integer($0) } ?? .null
    var largest = JSON.null
    if let found = cell.largest {
      largest = ["rows": .integer(found.rows), "tokensPerSecond": .rounded(found.tokensPerSecond)]
    }
    let modules = cell.modules.map { one -> JSON in
      [
        "phase": .string(one.phase.rawValue), "module": .string(one.name), "calls": .integer(one.calls),
        "seconds": .rounded(one.seconds), "share": .rounded(one.seconds / cell.timedStep, digits: 4),
        "flops": .whole(one.cost.flops), "bytes": .whole(one.cost.bytes),
        "gflops": .rounded(one.flopsPerSecond * 1e-9, digits: 4),
        "gbs": .rounded(one.bytesPerSecond * 1e-9, digits: 4),
      ]
    }
    let products = cell.products.map { one -> JSON in
      [
        "name": .string(one.name), "m": .integer(one.m), "n": .integer(one.n), "k": .integer(one.k),
        "batch": .integer(one.batch), "count": .integer(one.count), "seconds": .rounded(one.alone),
        "inStep": .rounded(one.inStep), "gflops": .rounded(one.flopsPerSecond * 1e-9, digits: 4),
        "efficiency": .rounded(one.flopsPerSecond / peakRate, digits: 4),
      ]
    }
    let traffic = cell.traffic.map { one -> JSON in
      [
        "phase": .string(one.phase.rawValue), "kind": .string(one.kind.rawValue), "calls": .integer(one.calls),
        "seconds": .rounded(one.seconds), "bytes": .whole(one.bytes),
        "gbs": .rounded(one.bytesPerSecond * 1e-9, digits: 4),
        "efficiency": .rounded(one.bytesPerSecond / bandwidth, digits: 4),
      ]
    }
    return [
      "cell": .string(cell.cell.name), "rows": .integer(cell.rows), "length": .integer(cell.length),
      "trained": .integer(cell.trainedCount), "seconds": cell.step.json,
      "tokensPerSecond": .rounded(cell.tokensPerSecond), "forward": .rounded(cell.forward),
      "backward": .rounded(cell.backward), "recompute": .rounded(cell.recompute),
      "optimizer": .rounded(cell.optimizer), "idle": .rounded(cell.idle), "accounted": .rounded(cell.accounted),
      "memory": [
        "weights": .integer(memory.weights), "gradients": .integer(memory.gradients),
        "optimizer": .integer(memory.optimizer), "onDisk": .integer(memory.onDisk),
        "activations": .integer(memory.activations), "rest": .integer(memory.rest), "peak": .integer(memory.peak),
        "resident": resident,
      ],
      "diskBytes": .integer(cell.diskBytes), "losses": .array(cell.losses.map { .rounded($0, digits: 9) }),
      "largestBatch": largest, "modules": .array(modules), "products": .array(products), "traffic": .array(traffic),
    ]
  }
}
