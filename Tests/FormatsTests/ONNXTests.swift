import Formats
import Testing
import VenturiTesting

@Suite("ONNX: files")
struct ONNXTests {
  @Test("A small file is read as it was written")
  func reading() throws {
    let model = try ONNXModel(ByteView(copying: ONNXImage.base.bytes))
    #expect(model.formatVersion == 10)
    #expect(model.version(of: "ai.onnx") == 21)
    #expect(model.graph.nodes.map(\.operation) == ["MatMul", "Add", "Constant", "If", "LeakyRelu"])
    #expect(model.graph.inputs.map(\.type) == [.tensor(.float32, shape: [.known(2), .known(3)])])
    #expect(model.graph.initializers.map(\.shape) == [[3, 2], [2], [1]])
    #expect(model.graph.initializers[1].data == .floats([0.5, -0.5]))
    #expect(model.graph.initializers[2].data == .int64s([0]))
    guard case .graph(let branch) = model.graph.nodes[3].attributes[0].value else {
      Issue.record("no graph in the attribute")
      return
    }
    #expect(branch.nodes.map(\.inputs) == [["sum"]])
    #expect(model.graph.nodes[4].attributes[0].value == .float(0.25))
  }

  @Test("Unknown fields are stepped over, and attributes without their type are understood")
  func tolerance() throws {
    var image = ONNXImage.base
    image.modelExtra =
      ProtobufBytes {
        $0.int(99, 1)
        $0.text(100, "later")
        $0.float(101, 1)
      }.bytes
    image.nodes[4].attributes = [
      ProtobufBytes {
        $0.text(1, "alpha"); $0.float(2, 0.5)
      }.bytes
    ]
    let model = try ONNXModel(ByteView(copying: image.bytes))
    #expect(model.graph.nodes[4].attributes[0].value == .float(0.5))
  }

  @Test("Every element type has its size, in raw bytes and in its own field")
  func elementTypes() throws {
    for type in ONNXElementType.allCases where type != .string {
      let raw = [UInt8](repeating: 0, count: (5 * type.bits + 7) / 8)
      let tensor = ONNXImage.Tensor("t", type: Int64(type.rawValue), shape: [5], raw: raw)
      guard case .tensor(let read) = try ONNXValue(ByteView(copying: tensor.bytes), as: .tensor(type, shape: nil))
      else { continue }
      #expect(read.type == type && read.count == 5 && read.byteCount == raw.count, "\(type.name)")
      let short = ONNXImage.Tensor("t", type: Int64(type.rawValue), shape: [5], raw: raw.dropLast())
      #expect(throws: FormatError.self, "\(type.name)") {
        _ = try ONNXValue(ByteView(copying: short.bytes), as: .tensor(type, shape: nil))
      }
    }
  }

  @Test("Sequences and optionals are read by their type")
  func values() throws {
    let tensor = ONNXImage.Tensor("", shape: [1], raw: [0, 0, 0x80, 0x3F])
    let sequence = ProtobufBytes {
      $0.int(2, 1); for _ in 0..<3 { $0.data(3, tensor.bytes) }
    }.bytes
    let type = ONNXType.sequence(.tensor(.float32, shape: nil))
    guard case .sequence(let elements) = try ONNXValue(ByteView(copying: sequence), as: type) else {
      Issue.record("no sequence")
      return
    }
    #expect(elements.count == 3)
    let optional = ProtobufBytes {
      $0.int(2, 2); $0.data(5, sequence)
    }.bytes
    guard case .optional(.sequence(let inner)?) = try ONNXValue(ByteView(copying: optional), as: .optional(type))
    else {
      Issue.record("no sequence in the optional")
      return
    }
    #expect(inner.count == 3)
    #expect(try ONNXValue(ByteView(copying: []), as: .optional(type)) == .optional(nil))
    #expect(throws: FormatError.self) {
      _ = try ONNXValue(ByteView(copying: optional), as: .optional(.tensor(.float32, shape: nil)))
    }
  }
}

@Suite("ONNX: hostile files")
struct MalformedONNXTests {
  @Test("There are enough files, and no two of one name")
  func tripwire() {
    #expect(MalformedONNX.all.count >= 60)
    for category in MalformedONNX.Category.allCases {
      #expect(MalformedONNX.all.count { $0.category == category } >= 5, "\(category.rawValue)")
    }
    #expect(Set(MalformedONNX.all.map { "\($0.category) \($0.name)" }).count == MalformedONNX.all.count)
  }

  @Test("Each is refused by the name of its field", .timeLimit(.minutes(1)))
  func refusal() {
    for file in MalformedONNX.all {
      let bytes = file.bytes
      do {
        _ = try ONNXModel(ByteView(copying: bytes))
        Issue.record("\(file.category.rawValue), \(file.name): was accepted")
      } catch {
        #expect(error.field.hasPrefix(file.field), "\(file.category.rawValue), \(file.name): \(error)")
        #expect(!error.field.isEmpty && error.description.contains(error.field), "\(file.name)")
        // What is absent has no place.
        if case .missingKey = error { continue }
        #expect((0...bytes.count).contains(error.offset ?? -1), "\(file.name): \(error)")
      }
    }
  }

  @Test("Truncation at every byte")
  func truncation() {
    let bytes = ONNXImage.base.bytes
    let view = ByteView(copying: bytes)
    var refused = 0
    for size in 0..<bytes.count where (try? ONNXModel(view[0..<size])) == nil { refused += 1 }
    #expect(refused > bytes.count * 9 / 10)
  }

  @Test("Every bit flipped")
  func bitFlips() throws {
    var bytes = ONNXImage.base.bytes
    let valid = try ONNXModel(ByteView(copying: bytes))
    var (refused, same) = (0, 0)
    for bit in 0..<8 * bytes.count {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      defer { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
      do {
        if try ONNXModel(ByteView(copying: bytes)) == valid { same += 1 }
      } catch {
        refused += 1
        if case .missingKey = error { continue }
        #expect((0...bytes.count).contains(error.offset ?? -1), "bit \(bit): \(error)")
      }
    }
    #expect(refused > 1000)
    // Bits of values change what is read; those of fields that nobody reads do not.
    #expect(same < 8 * bytes.count / 2)
  }
}
