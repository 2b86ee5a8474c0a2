import Costs
import Planner
import Testing

@Suite("Dissection planned")
struct DissectionPlanTests {
  static func shape(_ name: String) throws -> TransformerShape { try ModelCatalogue.published.entry(name).shape }
  static func cell(_ name: String) throws -> DissectionCell { try DissectionCell(parsing: name) }

  @Test("Activations of a block by hand: fused, composed and computed again")
  func activations() throws {
    let shape = try TransformerShape(
      name: "tiny", layers: 3, width: 32, heads: 4, kvHeads: 2, headDim: 8, feedForward: 48, gated: true,
      vocabulary: 97, tied: true, biased: false, positions: .rotary)
    func bytes(_ name: String) throws -> Double {
      try DissectionMemory(shape, Self.cell(name), sequences: 2, tokens: 24).activations
    }
    let (tokens, ends) = (48.0, 48.0 * (3 * 32 * 4 + 24))
    // Norms' inputs and outputs, the gate's three, then attention's.
    let fused: Double = 128 + 144 + 64 + 48 + 32 + 4
    let composed: Double = 128 + 144 + 64 + 32 + 4 * 24
    #expect(try bytes("F") == 12 * tokens * fused + ends)
    #expect(try bytes("N") == 12 * tokens * composed + ends)
    #expect(try bytes("R") == 4 * 3 * tokens * 32 + ends && bytes("F+R") == bytes("R"))
  }

  @Test("Each technique takes away what it is for, and no more")
  func parts() throws {
    let shape = try Self.shape("smollm2")
    func memory(_ name: String) throws -> DissectionMemory {
      try DissectionMemory(shape, Self.cell(name), sequences: 1, tokens: 1024)
    }
    let plain = try memory("N")
    #expect(plain.weights == 4 * Double(shape.parameters) && plain.gradients == plain.weights)
    #expect(plain.optimizer == 2 * plain.weights && plain.onDisk == 0)
    #expect(plain.peak > plain.weights + plain.optimizer + max(plain.activations, plain.gradients))
    let (fused, again, disk) = (try memory("F"), try memory("R"), try memory("O"))
    #expect(fused.activations < plain.activations && 2 * again.activations < plain.activations)
    #expect(disk.optimizer == 0 && disk.onDisk == plain.optimizer)
    // Blocks of memory are a little larger than what is in them.
    #expect((1...1.1).contains((plain.peak - disk.peak) / plain.optimizer))
    let (low, packed) = (try memory("F+L"), try memory("F+QL"))
    #expect(20 * low.optimizer < plain.optimizer && low.weights > plain.weights)
    // The embedding stays in 16 bits, the blocks' matrices have 4.
    #expect(3.5 * packed.weights < low.weights)
    for name in ["Z2", "F+Z3", "Q", "F+Q"] { #expect(throws: PlannerError.self) { try memory(name) } }
  }

  /// Products of a machine that makes so many operations and bytes a second, and begins each product with so many seconds.
  static func products(_ start: Double, _ operations: Double, _ bytes: Double) -> [DissectionTimes.Product] {
    [(64, 512, 512), (256, 512, 1376), (1376, 512, 256), (48, 8192, 512), (512, 64, 512), (1024, 1024, 1024)].map {
      let (m, n, k) = (Double($0.0), Double($0.1), Double($0.2))
      return .init(
        m: $0.0, n: $0.1, k: $0.2,
        seconds: start + 2 * m * n * k / operations + 4 * (m * k + k * n + m * n) / bytes)
    }
  }

  @Test("Constants of products are found again, and efficiency grows with the product")
  func fit() throws {
    let times = try DissectionTimes(
      Self.products(20e-6, 90e9, 12e9), rates: .init(traffic: 8e9, optimizer: 9e9, attention: 60e9))
    for (found, wanted) in zip(times.constants, [20e-6, 1 / 90e9, 1 / 12e9]) { #expect(abs(found / wanted - 1) < 1e-6) }
    #expect(times.fitError < 1e-6)
    let curve = [8.0, 64, 512, 4096].map { times.efficiency(m: $0, n: 512, k: 512, peak: 100e9) }
    #expect(curve == curve.sorted() && curve.allSatisfy { $0 > 0 && $0 < 0.9 })
    #expect(throws: PlannerError.self) {
      try DissectionTimes(Array(Self.products(0, 1e9, 1e9).prefix(3)), rates: times.rates)
    }
    #expect(throws: PlannerError.self) {
      try DissectionTimes(Self.products(0, 1e9, 1e9), rates: .init(traffic: 0, optimizer: 1, attention: 1))
    }
  }

  @Test("A step's time has the techniques' directions")
  func steps() throws {
    let shape = try Self.shape("smollm2")
    let times = try DissectionTimes(
      Self.products(20e-6, 90e9, 12e9),
      rates: .init(traffic: 8e9, optimizer: 9e9, attention: 60e9, disk: 1e9, unpacking: 1e9))
    func step(_ name: String, sequences: Int = 1) throws -> DissectionTimes.Step {
      try times.step(shape, Self.cell(name), sequences: sequences, tokens: 512)
    }
    let plain = try step("F")
    let (again, disk, low, packed, composed) = (
      try step("F+R"), try step("F+O"), try step("F+L"), try step("F+QL"), try step("N")
    )
    // Six operations for each weight and token is the least that it takes.
    let tokens = 512.0
    #expect(plain.total > 6 * tokens * Double(shape.parameters) / 90e9 && plain.recompute == 0)
    #expect(again.recompute > 0 && abs((again.total - again.recompute) / plain.total - 1) < 1e-12)
    #expect((1.15...1.4).contains(again.total / plain.total))
    #expect(disk.total > plain.total && disk.forward == plain.forward)
    #expect(composed.total > plain.total)
    #expect(low.total * 1.2 < plain.total && packed.total > low.total)
    #expect(try step("F", sequences: 4).total > 3.5 * plain.total - 4 * plain.optimizer)
    #expect(throws: PlannerError.self) { try step("Z3") }
  }

  @Test("Which cells of Llama 2 fit on eight devices")
  func fits() throws {
    let (data, consumer) = (try DissectionCluster.named("a800"), try DissectionCluster.named("rtx4090"))
    func fits(_ node: DissectionCluster, _ model: String, _ name: String) throws -> Bool {
      try node.largest(Self.shape(model), Self.cell(name), tokens: 350).fits
    }
    for (node, model, cell, wanted) in [
      // 16 bytes a weight on each device are 108 GB of 7 billion.
      (data, "llama-2-7b", "N", false), (data, "llama-2-7b", "F+Z2", true), (data, "llama-2-13b", "F+R+Z2", true),
      (data, "llama-2-70b", "F+R+Z3", false), (data, "llama-2-70b", "F+R+Z3+O", true),
      (data, "llama-2-70b", "F+R+QL", true), (data, "llama-2-70b", "F+R+L", false),
      (consumer, "llama-2-7b", "F+R+Z2", false), (consumer, "llama-2-7b", "F+R+Z3", true),
      (consumer, "llama-2-70b", "F+R+QL", false), (consumer, "llama-2-13b", "F+R+QL", true),
      (consumer, "llama-2-13b", "F+R+L", false),
    ] {
      #expect(try fits(node, model, cell) == wanted, "\(model) \(cell) on \(node.model.cluster.name)")
    }
  }

  @Test("The study's directions: sharing, offloading, tiles, low rank, and links")
  func directions() throws {
    let (data, consumer) = (try DissectionCluster.named("a800"), try DissectionCluster.named("rtx4090"))
    let shape = try Self.shape("llama-2-7b")
    func step(_ name: String, _ node: DissectionCluster? = nil, sequences: Int = 16) throws
      -> DissectionCluster.Estimate
    {
      try (node ?? data).estimate(shape, Self.cell(name), sequences: sequences, tokens: 350)
    }
    let (plain, two, three) = (try step("F"), try step("F+Z2"), try step("F+Z3"))
    #expect(two.bytes < plain.bytes && two.seconds < 1.03 * plain.seconds)
    #expect(three.bytes < two.bytes && three.seconds > two.seconds)
    let offloaded = try step("F+Z2+O")
    #expect(offloaded.bytes < two.bytes && offloaded.seconds > 1.2 * two.seconds)
    let again = try step("F+R+Z2")
    #expect(again.bytes < two.bytes && again.seconds > 1.1 * two.seconds)
    #expect(try step("Z2").seconds > two.seconds && step("Z2").bytes > two.bytes)
    let (low, packed) = (try step("F+L"), try step("F+QL"))
    #expect(low.seconds < packed.seconds && packed.bytes < low.bytes && low.seconds < two.seconds)
    // What an optimizer alone does is divided by what shares it: scaling may pass 1.
    for (name, sequences) in [("F+R+Z3", 2), ("F+R+Z3", 16), ("F+Z3", 16), ("F+R+Z2", 2)] {
      let (near, far) = (
        try data.scaling(shape, Self.cell(name), sequences: sequences, tokens: 350),
        try consumer.scaling(shape, Self.cell(name), sequences: sequences, tokens: 350)
      )
      #expect(far < near && far > 0, "\(name), \(sequences)")
    }
  }

  @Test("What cannot be is refused")
  func refused() throws {
    #expect(throws: PlannerError.self) { try DissectionCluster.named("tpu") }
    let node = try DissectionCluster.named("a800")
    let shape = try Self.shape("llama-2-7b")
    #expect(throws: PlannerError.self) { try node.estimate(shape, Self.cell("Q"), sequences: 1, tokens: 350) }
    #expect(throws: PlannerError.self) { try node.estimate(shape, Self.cell("F"), sequences: 0, tokens: 350) }
    #expect(throws: PlannerError.self) {
      try DissectionCluster(node.model, devices: 0, host: node.host, hostMemory: node.hostMemory)
    }
    #expect(throws: UnknownTechnique.self) { try DissectionCell(parsing: "F+X") }
  }
}
