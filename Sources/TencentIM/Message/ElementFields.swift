/// The documented content of the eight kinds of element.
///
/// Only what a message can't do without is required: Tencent's pages disagree on the rest, and a
/// field it misses after all comes back as 90010, which halts the campaign.
enum ElementFields {
    struct Content {
        let fields: [Field]
        let required: Set<String>
    }

    static let typeNames = byType.keys.sorted()

    static let byType: [String: Content] = [
        "TIMTextElem": Content(fields: [Field("Text", .string)], required: ["Text"]),
        "TIMLocationElem": Content(
            fields: [
                Field("Desc", .string), Field("Latitude", .number), Field("Longitude", .number),
            ],
            required: ["Latitude", "Longitude"]
        ),
        "TIMFaceElem": Content(
            fields: [
                Field("Index", .integer(Int(Int32.min)...Int(UInt32.max))), Field("Data", .string),
            ],
            required: []
        ),
        "TIMCustomElem": Content(
            fields: [
                Field("Data", .string), Field("Desc", .string), Field("Ext", .string),
                Field("Sound", .string),
            ],
            required: []
        ),
        "TIMSoundElem": Content(
            fields: [
                Field("Url", .string), Field("UUID", .string), Field("Size", .count),
                Field("Second", .count), Field("Download_Flag", .oneOf([2])),
            ],
            required: []
        ),
        "TIMImageElem": Content(
            fields: [
                Field("UUID", .string), Field("ImageFormat", .oneOf([1, 2, 3, 4, 255])),
                Field("ImageInfoArray", .anything),
            ],
            required: ["ImageInfoArray"]
        ),
        "TIMFileElem": Content(
            fields: [
                Field("Url", .string), Field("UUID", .string), Field("FileSize", .count),
                Field("FileName", .string), Field("Download_Flag", .oneOf([2])),
            ],
            required: []
        ),
        "TIMVideoFileElem": Content(fields: video, required: []),
    ]

    /// One picture of an image element.
    static let imageInfo = [
        Field("Type", .oneOf([1, 2, 3])), Field("Size", .count), Field("Width", .count),
        Field("Height", .count), Field("URL", .string),
    ]

    private static let video = [
        Field("VideoUrl", .string), Field("VideoUUID", .string), Field("VideoSize", .count),
        Field("VideoSecond", .count), Field("VideoFormat", .string),
        Field("VideoDownloadFlag", .oneOf([2])), Field("ThumbUrl", .string),
        Field("ThumbUUID", .string), Field("ThumbSize", .count), Field("ThumbWidth", .count),
        Field("ThumbHeight", .count), Field("ThumbFormat", .string),
        Field("ThumbDownloadFlag", .oneOf([2])),
    ]
}
