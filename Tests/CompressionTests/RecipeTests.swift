import Compression
import Formats
import Foundation
import Models
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// The types that llama.cpp's quantiser gave to the models of `Golden/recipes.json`.
@Suite("Recipes against llama.cpp's")
struct RecipeTests {
  struct Fixture: Decodable {
    struct Model: Decodable {
      var name: String
      var layers, width, heads, keyHeads, experts: Int
      var tensors: [Tensor]
      var types: [String: String]
    }
    struct Tensor: Decodable {
      var name: String
      var extents: [Int]
      init(from decoder: any Swift.Decoder) throws {
        var container = try decoder.unkeyedContainer()
        name = try container.decode(String.self)
        extents = try container.decode([Int].self)
      }
    }
    var models: [Model]
  }

  static func checkpoint(_ model: Fixture.Model) throws -> Checkpoint {
    var writer = GGUFWriter()
    writer.set("general.architecture", .string("llama"))
    writer.set("llama.block_count", .uint32(UInt32(model.layers)))
    writer.set("llama.attention.head_count", .uint32(UInt32(model.heads)))
    writer.set("llama.attention.head_count_kv", .uint32(UInt32(model.keyHeads)))
    if model.experts > 0 { writer.set("llama.expert_count", .uint32(UInt32(model.experts))) }
    for tensor in model.tensors {
      let keeps = tensor.extents.count == 1 || tensor.name.contains("gate_inp")
      let dtype: DType = keeps ? .f32 : .f16
      let shape = Shape(tensor.extents)
      try writer.add(tensor: tensor.name, dtype: dtype, shape: shape)
    }
    var bytes: [UInt8] = []
    let zeros = [UInt8](repeating: 0, count: 1 << 22)
    try writer.write(to: { bytes.append(contentsOf: $0) }) { tensor, emit in
      try zeros.withUnsafeBytes { try emit(UnsafeRawBufferPointer(rebasing: $0[..<tensor.byteCount])) }
    }
    let storage = try Storage(byteCount: bytes.count, allocator: Allocator())
    bytes.withUnsafeBytes { storage.base.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count) }
    return try Checkpoint(gguf: storage)
  }

  @Test("Every tensor of five models gets llama.cpp's type in every recipe")
  func types() throws {
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: GoldenFiles.url("recipes.json")))
    try #require(fixture.models.count == 5)
    var checked = 0
    for model in fixture.models {
      let checkpoint = try Self.checkpoint(model)
      try #require(model.types.count == 23)
      for (name, expected) in model.types {
        let withImportance = name.hasSuffix("+")
        let recipe = try #require(QuantizationRecipe(name: withImportance ? String(name.dropLast()) : name))
        var options = QuantizationOptions(recipe: recipe)
        if withImportance { options.importance = Importance() }
        let plan = try QuantizationPlan(checkpoint, options: options)
        let types = expected.split(separator: " ").map(String.init)
        try #require(types.count == plan.items.count)
        for (item, type) in zip(plan.items, types) {
          #expect(item.target.displayName == type, "\(model.name) \(name) \(item.tensor.name)")
          checked += 1
        }
      }
    }
    #expect(checked > 10_000)
  }

  @Test("Overrides, types for the head and the embedding, and pure files")
  func choices() throws {
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: GoldenFiles.url("recipes.json")))
    let checkpoint = try Self.checkpoint(try #require(fixture.models.first { $0.name == "grouped" }))
    func types(_ change: (inout QuantizationOptions) -> Void) throws -> [String: DType] {
      var options = QuantizationOptions(recipe: .q4_K_M)
      change(&options)
      let plan = try QuantizationPlan(checkpoint, options: options)
      return Dictionary(uniqueKeysWithValues: plan.items.map { ($0.tensor.name, $0.target) })
    }
    let plain = try types { _ in }
    #expect(plain["output.weight"] == .q6_K && plain["blk.0.ffn_down.weight"] == .q6_K)
    let pure = try types { $0.isPure = true }
    #expect(pure["output.weight"] == .q4_K && pure["blk.0.ffn_down.weight"] == .q4_K)
    #expect(pure["output_norm.weight"] == .f32)
    let chosen = try types {
      $0.outputType = .q8_0
      $0.embeddingType = .f16
      $0.overrides = [
        .init(pattern: #"blk\.(0|1)\.ffn_"#, dtype: .q5_1), .init(pattern: "ffn_down", dtype: .q3_K),
      ]
    }
    #expect(chosen["output.weight"] == .q8_0 && chosen["token_embd.weight"] == .f16)
    #expect(chosen["blk.1.ffn_down.weight"] == .q5_1 && chosen["blk.2.ffn_down.weight"] == .q3_K)
    #expect(chosen["blk.11.ffn_up.weight"] == plain["blk.11.ffn_up.weight"])
    #expect(throws: CompressionError.self) { try types { $0.overrides = [.init(pattern: "(", dtype: .q4_0)] } }
    #expect(throws: CompressionError.unsupportedType(.i8)) {
      try types { $0.overrides = [.init(pattern: "x", dtype: .i8)] }
    }
    #expect(throws: CompressionError.unsupportedType(.iq2_s)) { try types { $0.outputType = .iq2_s } }
  }

  @Test("Names, numbers and neighbours of the recipes")
  func names() {
    #expect(QuantizationRecipe(name: "q4_k") == .q4_K_M && QuantizationRecipe(name: "Q5_K_s") == .q5_K_S)
    #expect(QuantizationRecipe(name: "iq4_xs") == .iq4_xs && QuantizationRecipe(name: "Q4_2") == nil)
    #expect(Set(QuantizationRecipe.allCases.map(\.fileType)).count == QuantizationRecipe.allCases.count)
    #expect(QuantizationRecipe.q4_K_M.neighbours == [.q5_0, .q4_K_S])
    #expect(QuantizationRecipe.f32.neighbours == [.f16] && QuantizationRecipe.q2_K.neighbours == [.q3_K_S])
  }
}
