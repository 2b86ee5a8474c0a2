import Formats

/// A function that the model may call.
public struct ChatTool: Sendable, Equatable {
  /// The function's name.
  public var name: String
  /// What it does, for the model.
  public var description: String?
  /// A JSON schema of its arguments, which are an object.
  public var parameters: JSON

  /// Arguments of which nothing is known but that there are none.
  public static let noParameters: JSON = ["type": "object", "properties": [:]]

  /// A function.
  public init(name: String, description: String? = nil, parameters: JSON = ChatTool.noParameters) {
    self.name = name
    self.description = description
    self.parameters = parameters
  }

  /// The tool as templates see it, in the form of the OpenAI interface.
  public var json: JSON {
    var function = [JSON.Member("name", .string(name))]
    if let description { function.append(JSON.Member("description", .string(description))) }
    function.append(JSON.Member("parameters", parameters))
    return ["type": "function", "function": .object(function)]
  }
}
