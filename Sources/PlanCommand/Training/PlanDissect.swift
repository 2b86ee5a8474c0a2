import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// Techniques of training on a node that is not here.
package struct PlanDissect: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "dissect",
    abstract: "Techniques of training on eight A800 or RTX-4090: which fit, and what each brings.",
    discussion: """
      Cells of --grid are techniques, joined by +: N none, Z2 gradients and state shared, Z3 weights too, O the optimizer on the \
      host, R layers computed again, F attention in tiles, L low-rank changes, QL the same beside 4 bits. Each cell has the \
      largest batch that fits in 95 % of a device's memory. What products and links reach is that of published tables on A100; \
      nothing is fitted on the study that this is of. `venturi bench dissect` measures the same on this machine.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: ArgumentHelp("Eight devices: a800 or rtx4090.", valueName: "cluster"))
  package var cluster = "a800"

  @Option(help: ArgumentHelp("Cells, separated by commas.", valueName: "cells"))
  package var grid = "N,F,R,F+R,Z2,F+Z2,F+R+Z2,Z3,F+Z3,F+R+Z3,Z2+O,F+R+Z2+O,F+R+Z3+O,F+L,F+QL,F+R+L,F+R+QL,F+R+L+Z3"

  @Option(help: ArgumentHelp("Tokens of a sequence.", valueName: "count"))
  package var tokens = 350

  @Option(help: ArgumentHelp("The most sequences on a device.", valueName: "count"))
  package var most = 64

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    guard (1...4096).contains(most) else {
      throw PlannerError.invalid(field: "most", problem: "\(most) lies outside 1…4096")
    }
    let cells: [DissectionCell]
    do { cells = try DissectionCell.list(parsing: grid) } catch {
      throw PlannerError.invalid(field: "grid", problem: "\(error)")
    }
    let shape = try ModelArgument.shape(model)
    let node = try DissectionCluster.named(cluster)
    let rows = try cells.map { cell in
      let found = try node.largest(shape, cell, tokens: tokens, atMost: most)
      let scaling = found.fits ? try node.scaling(shape, cell, sequences: found.sequences, tokens: tokens) : 0
      return (estimate: found, scaling: scaling)
    }
    if output.json {
      let json: JSON = [
        "model": .string(shape.name), "cluster": .string(node.model.cluster.name), "tokens": .integer(tokens),
        "cells": .array(
          rows.map { row in
            [
              "cell": .string(row.estimate.cell.name), "fits": .bool(row.estimate.fits),
              "sequences": .integer(row.estimate.sequences), "bytes": .rounded(row.estimate.bytes),
              "seconds": row.estimate.fits ? .rounded(row.estimate.seconds) : .null,
              "tokensPerSecond": .rounded(row.estimate.tokensPerSecond), "scaling": .rounded(row.scaling, digits: 4),
            ]
          }),
      ]
      return Output.answer(json.line)
    }
    let table = rows.map { row in
      let found = row.estimate
      return [
        found.cell.name, found.fits ? "\(found.sequences)" : "does not fit", Human.fixed(found.bytes / 1e9, 1),
        found.fits ? Human.fixed(found.seconds, 3) : "–", found.fits ? Human.fixed(found.tokensPerSecond, 0) : "–",
        found.fits ? Human.fixed(100 * row.scaling, 1) : "–",
      ]
    }
    let header = ["cell", "sequences", "GB", "s/step", "tokens/s", "scaling %"]
    Output.answer(
      "\(shape.name) on \(node.model.cluster.name), sequences of \(tokens) tokens\n"
        + Human.table([header] + table, numeric: [1, 2, 3, 4, 5]))
  }
}
