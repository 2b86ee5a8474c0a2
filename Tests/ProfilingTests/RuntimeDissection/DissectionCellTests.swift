import Costs
import Profiling
import Testing

@Suite("Cells of a dissection's grid")
struct DissectionCellTests {
  @Test("Names are read as they are written, in any order")
  func names() throws {
    let names = ["N", "F", "R", "O", "Q", "L", "QL", "F+R+O", "F+QL", "Z2", "F+Z3"]
    #expect(try names.map { try DissectionCell(parsing: $0).name } == names)
    #expect(try DissectionCell(parsing: "O+R+F") == DissectionCell(parsing: "F+R+O"))
    #expect(try DissectionCell(parsing: "L+F+Q").name == "F+QL")
    #expect(try DissectionCell(parsing: "N+F") == DissectionCell([.fusedAttention]))
    #expect(try DissectionCell.grid(parsing: "N,F,F+N,QL,L+Q").map(\.name) == ["N", "F", "QL"])
  }

  @Test("What is no technique is refused by its word", arguments: ["", "X", "F+", "f", "N, F", "FR", "F+R+Z4"])
  func unknown(_ text: String) {
    let error = #expect(throws: DissectionError.self) { try DissectionCell.grid(parsing: text) }
    guard case .unknownTechnique? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("Combinations that can be pass")
  func possible() throws {
    for (mode, cells) in [
      (DissectionMode.train, "N,F,R,O,F+R+O"), (.finetune, "N,F,R,O,L,QL,F+R+O+QL"), (.serve, "N"),
    ] {
      for cell in try DissectionCell.grid(parsing: cells) { try cell.prove(in: mode) }
    }
  }

  @Test(
    "Combinations that cannot be are refused with a reason",
    arguments: [
      ("Q", DissectionMode.train, "gradient"), ("QL", .train, "gradient"), ("L", .train, "--mode finetune"),
      ("Q", .finetune, "QL"), ("F+Q", .finetune, "QL"), ("Z2", .train, "ranks"), ("F+R+Z3+O", .finetune, "ranks"),
      ("O", .serve, "optimizer"), ("R", .serve, "again"), ("F", .serve, "fused"), ("Q", .serve, "quantize"),
      ("L", .serve, "bench adapters"), ("Z2", .serve, "ranks"),
    ])
  func impossible(_ text: String, _ mode: DissectionMode, _ word: String) throws {
    let cell = try DissectionCell(parsing: text)
    let error = #expect(throws: DissectionError.self) { try cell.prove(in: mode) }
    guard case .impossible(let name, let found, let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(name == cell.name && found == mode && reason.contains(word))
  }

  @Test("A grid without a cell that can be is an error, one with some says why of the others")
  func grids() throws {
    let dissection = Dissection(
      .sizes(.llama(vocabulary: 40, length: 8, layers: 1, width: 16, heads: 2, hidden: 24)), mode: .train, length: 8,
      steps: 1, measuresProducts: false)
    let machine = try DissectionSamples.machine()
    #expect(throws: DissectionError.self) {
      try dissection.run(DissectionCell.grid(parsing: "Q,Z2"), threads: 1, ceilings: machine)
    }
    let result = try dissection.run(DissectionCell.grid(parsing: "F,Q,Z2"), threads: 1, ceilings: machine)
    #expect(result.cells.map(\.cell.name) == ["F"] && result.refused.map(\.name) == ["Q", "Z2"])
    #expect(result.json["refused"]?.elements?.count == 2)
    #expect(result.verdict.contains("F") && result.verdict.contains("tokens/s"))
    for (rows, length, steps) in [(0, 8, 1), (1, 1, 1), (1, 8, 0)] {
      var wrong = dissection
      (wrong.rows, wrong.length, wrong.steps) = (rows, length, steps)
      #expect(throws: DissectionError.self) { try wrong.run([DissectionCell()], threads: 1, ceilings: machine) }
    }
  }
}

/// What tests of dissections share.
enum DissectionSamples {
  /// A machine of round numbers: f32 100 GFLOP/s, memory 10 GB/s.
  static func machine() throws -> Ceilings {
    func summary(_ value: Double) throws -> Summary { try #require(Summary([value])) }
    return Ceilings(
      threads: 1, chains: [.f32: try summary(100)], read: try summary(8), bestRead: try summary(10),
      bestReadPattern: .init(streams: 4, prefetch: 512))
  }
}
