"""Rules about a statistical form: of the event, and of the file that it is read from.

A fault of a file has the cell as its path, such as C14.
"""

from typing import Final

from shared.events.rule import Rule

SHEETS: Final = (
    Rule(
        "form-columns",
        "The row does not have the form's columns, each once and in order.",
        "Send the columns {columns}.",
        "Dòng không có đủ các cột của biểu, mỗi cột một lần và đúng thứ tự.",
        "Gửi các cột {columns}.",
    ),
    Rule(
        "form-sum",
        "The columns {columns} do not agree.",
        "Correct the numbers so that {columns}, then send the form again.",
        "Các cột {columns} không khớp nhau.",
        "Sửa số liệu để {columns}, rồi gửi lại biểu.",
    ),
    Rule(
        "sheet-unreadable",
        "The file cannot be read as a workbook.",
        "Save it as XLSX or XLS, without a password, of at most {limit} kB, and send it again.",
        "Không đọc được tệp như một bảng tính.",
        "Lưu tệp ở dạng XLSX hoặc XLS, không đặt mật khẩu, tối đa {limit} kB, rồi gửi lại.",
    ),
    Rule(
        "sheet-without-columns",
        "No row of the file numbers the columns from 1 to {last}.",
        "Choose the right form, and keep the row that numbers its columns (1), (2) … ({last}).",
        "Tệp không có dòng đánh số cột từ 1 đến {last}.",
        "Chọn đúng biểu và giữ nguyên dòng đánh số cột (1), (2), … ({last}).",
    ),
    Rule(
        "sheet-without-rows",
        "No row below the columns' numbers has a field of administration with numbers.",
        "Fill in at least one field of administration.",
        "Dưới dòng đánh số cột không có lĩnh vực nào có số liệu.",
        "Điền ít nhất một lĩnh vực.",
    ),
    Rule(
        "sheet-too-many-rows",
        "The form has more than {limit} fields of administration.",
        "Send the form of one unit; check that the file holds one form.",
        "Biểu có hơn {limit} lĩnh vực.",
        "Gửi biểu của một đơn vị; kiểm tra tệp chỉ chứa một biểu.",
    ),
    Rule(
        "sheet-no-count",
        "Column {column} holds something else than a whole number of dossiers.",
        "Write a whole number that is not below zero; leave the cell empty for none.",
        "Cột {column} không phải số hồ sơ nguyên.",
        "Ghi số nguyên không âm; để trống nếu không có hồ sơ.",
    ),
    Rule(
        "sheet-sum",
        "The columns {columns} do not agree in this row: {left} and {right}.",
        "Correct the numbers of the row so that {columns}.",
        "Các cột {columns} của dòng này không khớp: {left} và {right}.",
        "Sửa số liệu của dòng để {columns}.",
    ),
    Rule(
        "sheet-total",
        "The total of column {column} is {left}, the rows above make {right}.",
        "Correct the total or the rows; a subtotal does not belong among the rows.",
        "Tổng của cột {column} là {left}, các dòng phía trên cộng lại là {right}.",
        "Sửa dòng tổng hoặc các dòng chi tiết; không để dòng tổng phụ giữa các dòng.",
    ),
    Rule(
        "sheet-field-unnamed",
        "The row has numbers and no field of administration.",
        "Write the name of the field in column 2, or remove the row.",
        "Dòng có số liệu nhưng không có tên lĩnh vực.",
        "Ghi tên lĩnh vực ở cột 2, hoặc xóa dòng.",
    ),
    Rule(
        "sheet-field-twice",
        "The field of administration is in an earlier row too.",
        "Put the numbers of the field into one row.",
        "Lĩnh vực này đã có ở một dòng phía trên.",
        "Gộp số liệu của lĩnh vực vào một dòng.",
    ),
)
