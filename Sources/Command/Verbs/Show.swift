import ArgumentParser
import Profiling
import Venturi

/// What is in a model file.
package struct Show: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows what is in a model file: sizes, weight types, memory need.")

  @Argument(help: "A model file's path, or the name of a pulled model.")
  package var model = "smollm2"

  @Flag(help: "List the metadata too.")
  package var metadata = false

  @Flag(help: "List the tensors too.")
  package var tensors = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let path = try ModelAccess.path(of: model)
    let storage = try Storage(mapping: path)
    let text = try storage.reading {
      if path.hasSuffix(".onnx") {
        let model = try ONNXModel(ByteView(storage.bytes, keeper: storage))
        let report = ONNXReport(path: path, model: model, fileBytes: storage.byteCount)
        return output.json ? report.json(tensors: tensors).line : report.text(tensors: tensors)
      }
      let file = try GGUFFile(storage.bytes, keeper: storage)
      let report = try ShowReport(path: path, file: file, fileBytes: storage.byteCount)
      return output.json
        ? report.json(metadata: true, tensors: tensors).line : report.text(metadata: metadata, tensors: tensors)
    }
    Output.answer(text)
  }
}
