import Formats
import Graphs
import Tensors
import Testing
import VenturiTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Graphs: data in other files")
struct ExternalDataTests {
  private let context = Context(threads: 1)

  private func model(_ location: String, offset: Int = 0) throws -> ONNXModel {
    var image = ONNXImage()
    image.outputs = [("y", 1, [2])]
    image.initializers = [
      ONNXImage.Tensor("w", shape: [2]) { tensor in
        for (key, value) in [("location", location), ("offset", "\(offset)"), ("length", "8")] {
          tensor.message(13) {
            $0.text(1, key)
            $0.text(2, value)
          }
        }
        tensor.int(14, 1)
      }
    ]
    image.nodes = [ONNXImage.Node("Identity", ["w"], ["y"])]
    return try ONNXModel(ByteView(copying: image.bytes))
  }

  private func write(_ path: String, _ values: [Float]) throws {
    let file = try #require(fopen(path, "w"))
    fwrite(values, 4, values.count, file)
    fclose(file)
  }

  private func run(_ model: ONNXModel, _ folder: String?) throws -> [Float] {
    let graph = try Graph(model, folder: folder, context: context)
    return try graph.run([:], context: context).outputs["y"]?.tensor?.values(Float.self) ?? []
  }

  @Test("A part of a file beside the model is read")
  func reading() throws {
    let folder = try TemporaryFolder()
    mkdir("\(folder.path)/deep", 0o755)
    try write("\(folder.path)/weights", [1, 2, 3, 4])
    try write("\(folder.path)/deep/weights", [5, 6])
    #expect(try run(model("weights"), folder.path) == [1, 2])
    #expect(try run(model("weights", offset: 8), folder.path) == [3, 4])
    #expect(try run(model("deep/weights"), folder.path) == [5, 6])
  }

  @Test("Links, other kinds of files and what is too short are refused")
  func refusal() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let place = folder.path
    try write("\(other.path)/weights", [1, 2, 3, 4])
    try write("\(place)/short", [1])
    symlink("\(other.path)/weights", "\(place)/link")
    symlink(other.path, "\(place)/folder")
    symlink("short", "\(place)/near")
    try write("\(place)/first", [1, 2])
    link("\(place)/first", "\(place)/second")
    mkfifo("\(place)/pipe", 0o644)
    mkdir("\(place)/directory", 0o755)
    for location in [
      "link", "folder/weights", "near", "first", "second", "pipe", "directory", "absent", "directory/absent",
    ] {
      #expect(throws: GraphError.self, "\(location)") { _ = try run(model(location), place) }
    }
    #expect(throws: FormatError.self) { _ = try run(model("short"), place) }
    #expect(throws: FormatError.self) { _ = try run(model("short", offset: 1 << 40), place) }
    #expect(throws: GraphError.self) { _ = try run(model("short"), nil) }
  }

  @Test("No hostile path is so much as parsed")
  func paths() {
    for path in MalformedONNX.hostilePaths { #expect(throws: FormatError.self, "\(path)") { _ = try model(path) } }
  }
}
